"""From the bytes of a reply to text that can be read and quoted, and to the passages of it that matter."""
