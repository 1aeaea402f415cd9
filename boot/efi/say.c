#include "boot/efi/loader.h"

#define WAIT_SECONDS 10

void say(const CHAR16 *format, ...)
{
    va_list args;

    va_start(args, format);
    Print(L"Ringleader: ");
    VPrint(format, args);
    Print(L"\n");
    va_end(args);
}

/* The timer's event comes second: WaitForEvent tells which. */
void say_and_wait(void)
{
    EFI_EVENT events[2] = { ST->ConIn->WaitForKey };
    EFI_INPUT_KEY key;
    UINTN which;

    if ( EFI_ERROR(BS->CreateEvent(EVT_TIMER, 0, NULL, NULL, &events[1])) )
        return;
    say(L"back to the firmware with any key, or in %d s", WAIT_SECONDS);
    BS->SetTimer(events[1], TimerRelative, WAIT_SECONDS * 10000000ULL);
    BS->WaitForEvent(2, events, &which);
    ST->ConIn->ReadKeyStroke(ST->ConIn, &key);
    BS->CloseEvent(events[1]);
}
