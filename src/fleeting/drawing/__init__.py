"""What pages and pictures are made with: the style sheet, a page from its template, SVG, tables of words."""
