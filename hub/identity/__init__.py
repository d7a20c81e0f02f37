"""Who is calling: local tokens, and the codes that link a device."""
