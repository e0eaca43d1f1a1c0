"""watch: what befalls newspapers, found in the archive's own history, and told to a person.

`monitors.toml` says what is looked for, `monitors` looks for it, `evidence` finds pages that show it,
`alarms` tells it.
"""
