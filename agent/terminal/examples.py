"""What stands below the help of the commands: an example of each, and what its exit codes mean."""

EXIT_CODES = """Exit codes: 0 there is an answer; 1 something failed; 2 wrong use or settings, nothing was started;
3 no answer was found."""

SPADEWORK = f"""Examples, the first without a model or a key:

\b
spadework demo
spadework doctor
spadework ask "Which river runs through the town where Ada Lovelace died?"

{EXIT_CODES}"""

CHAT = f"""Examples:

\b
spadework chat
spadework chat --budget 5 --conversation usd=0.50
spadework chat --resume
echo "Who built the Alder Bridge?" | spadework chat

{EXIT_CODES}"""

SESSIONS = """Examples, where 3f1a stands for the first letters of a name in the list:

\b
spadework sessions
spadework chat --resume 3f1a
spadework sessions --delete 3f1a"""

ASK = f"""Examples:

\b
spadework ask "Who built the Alder Bridge?" --budget 5
spadework ask "Who built the Alder Bridge?" --usd 0.05 --seconds 120
spadework ask "Who built the Alder Bridge?" --search brave,wikipedia --explain

{EXIT_CODES}"""

RUNS = """Examples, where 3f1a stands for the first letters of a name in the list:

\b
spadework runs
spadework runs --delete 3f1a
spadework runs --prune 7"""

RESUME = f"""Examples, where 3f1a stands for the first letters of a name that `spadework runs` lists:

\b
spadework resume 3f1a
spadework resume 3f1a --top-up searches=5,usd=0.05

{EXIT_CODES}"""

PURSE = """Examples:

\b
spadework purse
spadework purse --daily usd=1,searches=200"""

DOCTOR = """Examples, of the settings as they are, and of a local server before it is set:

\b
spadework doctor
spadework doctor --model qwen3 --base-url http://127.0.0.1:8000/v1 --probe"""

GRAPH = """Example:

\b
spadework graph > graph.mmd"""

TRACE = """Examples, of which the first one makes what the others show:

\b
spadework ask "Who built the Alder Bridge?" --trace run.jsonl
spadework trace run.jsonl
spadework trace run.jsonl -o run.html"""
