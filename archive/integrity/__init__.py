"""integrity: copies of the archive that can be proven whole."""
