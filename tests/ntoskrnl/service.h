/*
 * service.h: loading test drivers through the service manager.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TEST_SERVICE_H
#define TEST_SERVICE_H

#include <windows.h>

/* Makes a service for DRIVER.sys of the drivers folder and starts it; all of them share a winedevice.exe. Returns it, or NULL after a failed
 * check. */
SC_HANDLE service_start(const char *driver);

/* Stops the driver; true if it was stopped. */
BOOL service_stop(SC_HANDLE service);

/* Deletes the service and closes the handle. */
void service_delete(SC_HANDLE service);

#endif
