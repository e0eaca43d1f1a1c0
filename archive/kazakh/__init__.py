"""archive.kazakh: the Kazakh language as code: letters, scripts, languages, search forms."""
