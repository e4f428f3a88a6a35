/*
 * grabber.c: see grabber.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "grabber.h"

DWORD grabbed;

static HRESULT WINAPI grabber_query(IMFSampleGrabberSinkCallback *iface, REFIID riid, void **object)
{
    *object = NULL;
    if (!IsEqualGUID(riid, &IID_IMFSampleGrabberSinkCallback) && !IsEqualGUID(riid, &IID_IUnknown))
        return E_NOINTERFACE;
    *object = iface;
    return S_OK;
}

static ULONG WINAPI grabber_ref(IMFSampleGrabberSinkCallback *iface)
{
    (void)iface;
    return 2;
}

static HRESULT WINAPI grabber_time(IMFSampleGrabberSinkCallback *iface, MFTIME time, LONGLONG offset)
{
    (void)iface;
    (void)time;
    (void)offset;
    return S_OK;
}

static HRESULT WINAPI grabber_change(IMFSampleGrabberSinkCallback *iface, MFTIME time)
{
    (void)iface;
    (void)time;
    return S_OK;
}

static HRESULT WINAPI grabber_rate(IMFSampleGrabberSinkCallback *iface, MFTIME time, float rate)
{
    (void)iface;
    (void)time;
    (void)rate;
    return S_OK;
}

static HRESULT WINAPI grabber_clock(IMFSampleGrabberSinkCallback *iface, IMFPresentationClock *clock)
{
    (void)iface;
    (void)clock;
    return S_OK;
}

static HRESULT WINAPI grabber_sample(IMFSampleGrabberSinkCallback *iface, REFGUID type, DWORD flags,
                                     LONGLONG time, LONGLONG duration, const BYTE *data, DWORD size)
{
    (void)iface;
    (void)type;
    (void)flags;
    (void)time;
    (void)duration;
    (void)data;
    grabbed += size;
    return S_OK;
}

static HRESULT WINAPI grabber_shutdown(IMFSampleGrabberSinkCallback *iface)
{
    (void)iface;
    return S_OK;
}

static IMFSampleGrabberSinkCallbackVtbl grabber_vtbl = {
    grabber_query,  grabber_ref,  grabber_ref,   grabber_time,   grabber_change,   grabber_change,
    grabber_change, grabber_rate, grabber_clock, grabber_sample, grabber_shutdown,
};
IMFSampleGrabberSinkCallback grabber = {&grabber_vtbl};
