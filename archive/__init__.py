"""archive: keeps, searches and exports what newsbot gathered. Never imports newsbot or Scrapy."""
