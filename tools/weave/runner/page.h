/* One self-contained page that plays a failure: its template is in ../page/. */
#ifndef WEAVE_PAGE_H
#define WEAVE_PAGE_H

/* The parts of the page, each ended by a 0: embed.cmake makes them from page.html, page.css and page.js. */
extern const unsigned char page_html[], page_css[], page_js[];

struct story;
/* Writes the page in place of what the file held, and leaves the descriptor open. 0 or -1 with errno. */
int page_write(const struct story *story, int descriptor);

#endif
