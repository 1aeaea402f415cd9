/* Switches for research: switches.def. */
#ifndef SWITCHES_H
#define SWITCHES_H

/* Throw them as the options say. Once, at boot, while the text is still writable. */
void switches_apply(void);

#endif
