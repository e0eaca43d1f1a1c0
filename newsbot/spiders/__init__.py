"""spiders: one spider class for every newspaper; the loader makes a spider of each site profile."""
