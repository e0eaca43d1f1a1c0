"""integrity: whether the archive is whole, copies of it that can be proven whole, and an archive out of them."""
