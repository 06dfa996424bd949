/* The terminal of a command whose keys are read one by one, and given back as it was, however the command ends. */
#ifndef NUCLEUS_TERMINAL_H
#define NUCLEUS_TERMINAL_H

#include <stdbool.h>

/* Keys come one by one and unseen, or again as lines. */
void terminal_raw(int file, bool is_raw);
/* Gives back what was taken when a signal ends the process. */
void terminal_guard(void);
/* Ends the process as Ctrl-C would. */
void terminal_interrupt(void);
/* Path of the terminal this process belongs to, or NULL; to be freed. */
char *terminal_path(void);
/* How wide the terminal behind one of the streams is, or 0. */
int terminal_columns(void);

#endif
