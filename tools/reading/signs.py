"""The signs by which walls are known: markup of those who make them, and what they say. See walls.py for their use."""

import re


def _any(*signs: str) -> re.Pattern[str]:
    return re.compile("|".join(signs), re.IGNORECASE)


CHALLENGE = _any(
    r"window\._cf_chl_opt\s*=",  # Cloudflare; its scripts/jsd stands on ordinary pages
    r"/challenge-platform/h/\w+/orchestrate/",
    r"id=[\"']?(?:challenge-error-text|cf-error-details)",
    r"geo\.captcha-delivery\.com/(?:captcha|interstitial)",  # DataDome
    r"['\"]host['\"]\s*:\s*['\"]geo\.captcha-delivery\.com",
    r"id=[\"']?px-captcha",  # HUMAN
    r"_Incapsula_Resource\?[^\"'>]{0,500}incident_id",  # Imperva
    r"window\.gokuProps\s*=",  # AWS
    r"id=[\"']?sec-(?:if|bc)-",  # Akamai
    r"errors\.edgesuite\.net",
    r"\bKPSDK\s*=",  # Kasada
    r"sucuri_cloudproxy_js",
    r"ddos-guard/js-challenge",
    r"id=[\"']?anubis_(?:version|challenge)",
    r"validate\.perfdrive\.com",  # Radware
    r"/\.well-known/(?:vercel/security|sgcaptcha|\.?go-?away)",
    r"action=[\"'][^\"'>]{0,200}(?:/errors/validateCaptcha|/sorry/index|/showcaptcha|/lsrecap/)",
)
"""Markup that stands on a challenge page and on no other page of the same site."""

ROBOT = _any(
    r"(?:checking|verifying) (?:your browser|if the site connection|you are human|that you are)",
    r"(?:verify|confirm|prove|sure|check)(?: that)? you(?:'re| are| aren't)(?: not)? (?:an? )?(?:human|robot|bot)",
    r"(?:i am|i'm) not a robot",
    r"are you a (?:robot|human)\?",
    r"press (?:&|and) hold to confirm",
    r"(?:needs to|will) (?:review|check|verify) the security of your connection",
    r"unusual (?:traffic|activity) from your",
    r"automated (?:requests|queries) from",
    r"(?:complete|solve|pass) the (?:security check|captcha|challenge)",
    r"enable javascript and cookies to continue",
    r"(?:you have been|your (?:ip|request|access)(?: address)? (?:has been|was|is))(?: temporarily)? blocked",
    r"pardon our interruption",
    r"incapsula incident id",
    r"the requested url was rejected",
    r"you don't have permission to access .{1,200} on this server",
    r"ddos[- ]protection by",
)
ROBOT_TITLE = _any(
    r"just a moment\.*",
    r"one moment,? please\.*",
    r"please wait\.*",
    r"attention required! .*",
    r"access (?:to this page has been )?denied",
    r"are you a (?:robot|human)\??",
    r"(?:robot|security|human|bot) (?:check|verification|checkpoint)",
    r"(?:vercel security checkpoint|ddos-guard|client challenge|captcha)",
    r"making sure you're not a bot!?",
    r"pardon our interruption\.*",
)
"""What such a page is called; the whole title has to match."""
REFUSED = _any("denied", "forbidden", "blocked", "robot", "captcha", "too many")

NEEDS_SCRIPT = _any(
    r"(?:enable|activate|turn on|allow|requires?|needs?|without|supports?)\W+(?:\w+\W+){0,3}?java ?script",
    r"(?:aktivieren|activer|activez|activar?|habilit\w+|abilit\w+|включ\w+)\W+(?:\w+\W+){0,3}?java ?script",
    r"java ?script(?: is| to be| must be| has been| seems to be)? (?:required|disabled|enabled|turned off|off\b)",
    r"java ?script(?: is)? not (?:available|enabled|supported)",
    r"java ?script (?:\w+ )?(?:aktivier\w+|erforderlich|requis|désactivé|необходим|を有効)",
)
NOSCRIPT = re.compile(r"<noscript\b[^<>]*>([^<]*(?:<(?!/noscript)[^<]*)*)", re.IGNORECASE)
MOUNT = re.compile(
    r"<(?:(div|main|section)\b[^<>]*\bid=[\"']?(?:root|app|app-root|main-app|__next|__nuxt|___gatsby|svelte|react-root"
    r"|ember-app|q-app|mount|application|react-app|vue-app)(?=[\"'\s>])|(app-root|my-app|ng-app)\b)[^<>]*>",
    re.IGNORECASE,
)
"""The element that a script fills with the page."""

CONSENT_HOST = _any(r"(?:consent|guce|cookie-?consent|cookiewall|privacywall|myprivacy)\.")
CONSENT = _any(
    *("cookie", "before you continue", "consent", "partners store", "your privacy"),
    *("datenschutz", "einwilligung", r"zustimm\w+"),
)
_AGREE = (
    r"\b(?:accept|agree|allow|reject|decline|manage|consent|akzeptieren|zustimmen|ablehnen|accepter|refuser|aceptar"
    r"|rechazar|accetta|rifiuta|accepteren|weigeren)\b"
)
AGREE = _any(_AGREE)
CONSENT_BUTTON = _any(
    rf">[^<]{{0,40}}{_AGREE}[^<]{{0,40}}</(?:button|a|span)|<input\b[^<>]*\bvalue=[\"'][^\"'>]{{0,40}}{_AGREE}"
)

PASSWORD = re.compile(r"<input\b[^<>]*\btype=[\"']?password", re.IGNORECASE)
LOGIN = _any(
    r"\b(?:(?:log|sign)[ -]?(?:in|on)|login|password|user ?name|e-?mail|create (?:an )?account|register|forgot\w*"
    r"|remember me|anmelden|passwort|connexion|mot de passe|iniciar sesión|contraseña|accedi|inloggen|wachtwoord"
    r"|войти|пароль|登录|登入)"
)
MUST_LOGIN = _any(
    r"(?:you (?:must|need to|have to)|please|to continue,?) (?:be )?(?:first )?(?:logg?(?:ed)?|sign(?:ed)?)[ -]?in",
    r"(?:log|sign) in to (?:continue|view|see|read|access)",
)

PAYWALL = _any(
    r"subscribe (?:now |today )?to (?:continue|read|keep|unlock)",
    r"to (?:continue|keep) reading",
    r"continue reading (?:this \w+ )?with",
    r"already a subscriber",
    r"(?:only|exclusively) (?:available )?(?:for|to) (?:our )?(?:\w+ )?(?:subscribers|members)",
    r"this (?:\w+ )?(?:article|story|post|content) is (?:available )?(?:only )?for (?:\w+ )?(?:subscribers|members)",
    r"(?:subscribers?|members?)[- ]only",
    r"unlock (?:this|the) (?:full )?(?:article|story|content)",
    r"reached your (?:\w+ )?(?:article )?limit",
    *(r"réservée? aux abonnés", "nur für abonnenten", "jetzt weiterlesen", "para suscriptores", "para seguir leyendo"),
    *("per gli abbonati", "alleen voor abonnees"),
)
