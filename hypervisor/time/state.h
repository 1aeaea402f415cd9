/* time/'s part of a domain and a vcpu is declared with its interface. */
#ifndef TIME_STATE_H
#define TIME_STATE_H

#include "time/time.h"

#endif
