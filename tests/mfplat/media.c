/*
 * media.c: Media Foundation, which stands on rtworkq.dll: its queues, a source reader that decodes a sound
 * file made here, and a media session that plays it into a test sink. Runs on our rtworkq and on the builtin.
 *
 * Wine decodes with GStreamer; where its plug-ins are missing that part is skipped.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define COBJMACROS
#define INITGUID
#include <windows.h>
#include <mfapi.h>
#include <mfidl.h>
#include <mfreadwrite.h>

#include <stdio.h>

#include "grabber.h"
#include "wine/test.h"

#define DEADLINE_MS 15000
#define SESSION_MS  8000
#define RATE        8000u
#define SOUND_BYTES (RATE * 2) /* a second, 16 bits, one channel */

static WCHAR path[MAX_PATH];
static const GUID no_format;

/* ---- a callback ---- */

struct callback {
    IMFAsyncCallback iface;
    LONG refs, invoked;
    HANDLE came;
    IMFMediaSession *session; /* its events are got, up to the end of the presentation */
    LONG started, ended;
};

static struct callback *callback_from(IMFAsyncCallback *iface)
{
    return CONTAINING_RECORD(iface, struct callback, iface);
}

static HRESULT WINAPI callback_query(IMFAsyncCallback *iface, REFIID riid, void **object)
{
    if (!IsEqualGUID(riid, &IID_IMFAsyncCallback) && !IsEqualGUID(riid, &IID_IUnknown)) {
        *object = NULL;
        return E_NOINTERFACE;
    }
    *object = iface;
    iface->lpVtbl->AddRef(iface);
    return S_OK;
}

static ULONG WINAPI callback_add_ref(IMFAsyncCallback *iface)
{
    return (ULONG)InterlockedIncrement(&callback_from(iface)->refs);
}

static ULONG WINAPI callback_release(IMFAsyncCallback *iface)
{
    return (ULONG)InterlockedDecrement(&callback_from(iface)->refs);
}

static HRESULT WINAPI callback_parameters(IMFAsyncCallback *iface, DWORD *flags, DWORD *queue)
{
    (void)iface;
    (void)flags;
    (void)queue;
    return E_NOTIMPL;
}

static void session_event(struct callback *callback, IMFAsyncResult *result)
{
    MediaEventType type = MEUnknown;
    IMFMediaEvent *event = NULL;
    PROPVARIANT position = {0};
    UINT32 status;
    HRESULT hr = IMFMediaSession_EndGetEvent(callback->session, result, &event);

    if (hr != S_OK)
        return;
    IMFMediaEvent_GetType(event, &type);
    if (type == MESessionTopologyStatus &&
        SUCCEEDED(IMFMediaEvent_GetUINT32(event, &MF_EVENT_TOPOLOGY_STATUS, &status)) &&
        status == MF_TOPOSTATUS_READY) {
        hr = IMFMediaSession_Start(callback->session, &no_format, &position);
        ok(hr == S_OK, "got %#lx\n", hr);
    }
    if (type == MESessionStarted)
        InterlockedIncrement(&callback->started);
    if (type == MESessionEnded)
        InterlockedIncrement(&callback->ended);
    IMFMediaEvent_Release(event);
    if (type == MESessionEnded || type == MEError)
        ReleaseSemaphore(callback->came, 1, NULL);
    if (type != MESessionEnded)
        IMFMediaSession_BeginGetEvent(callback->session, &callback->iface, NULL);
}

static HRESULT WINAPI callback_invoke(IMFAsyncCallback *iface, IMFAsyncResult *result)
{
    struct callback *callback = callback_from(iface);

    InterlockedIncrement(&callback->invoked);
    if (callback->session)
        session_event(callback, result);
    else
        ReleaseSemaphore(callback->came, 1, NULL);
    return S_OK;
}

static IMFAsyncCallbackVtbl callback_vtbl = {
    callback_query, callback_add_ref, callback_release, callback_parameters, callback_invoke,
};

static void callback_init(struct callback *callback)
{
    memset(callback, 0, sizeof(*callback));
    callback->iface.lpVtbl = &callback_vtbl;
    callback->refs = 1;
    callback->came = CreateSemaphoreA(NULL, 0, 1000000, NULL);
}

static BOOL callback_wait(struct callback *callback, int count)
{
    int i;

    for (i = 0; i < count; i++) {
        DWORD ret = WaitForSingleObject(callback->came, DEADLINE_MS);

        ok(!ret, "%d of %d did not come; %ld invoked\n", i + 1, count, callback->invoked);
        if (ret)
            return FALSE;
    }
    return TRUE;
}

/* ---- queues ---- */

static LONG periodic_calls;
static HANDLE periodic_came;

static void CALLBACK periodic_called(IUnknown *context)
{
    (void)context;
    InterlockedIncrement(&periodic_calls);
    ReleaseSemaphore(periodic_came, 1, NULL);
}

static void test_queues(void)
{
    struct callback callback;
    MFWORKITEM_KEY key;
    DWORD queue, periodic;
    HRESULT hr;
    int i;

    callback_init(&callback);
    for (i = 0; i < 50; i++) {
        hr = MFPutWorkItem(i & 1 ? MFASYNC_CALLBACK_QUEUE_STANDARD : MFASYNC_CALLBACK_QUEUE_MULTITHREADED,
                           &callback.iface, NULL);
        ok(hr == S_OK, "got %#lx\n", hr);
    }
    callback_wait(&callback, 50);
    hr = MFAllocateWorkQueue(&queue);
    ok(hr == S_OK, "got %#lx\n", hr);
    hr = MFPutWorkItem(queue, &callback.iface, NULL);
    ok(hr == S_OK, "got %#lx\n", hr);
    callback_wait(&callback, 1);
    MFUnlockWorkQueue(queue);
    for (i = 0; i < 5; i++) {
        hr = MFScheduleWorkItem(&callback.iface, NULL, -10 * i, &key);
        ok(hr == S_OK, "got %#lx\n", hr);
    }
    callback_wait(&callback, 5);
    periodic_came = CreateSemaphoreA(NULL, 0, 1000000, NULL);
    /* The 32-bit header lacks the calling convention. */
    hr = MFAddPeriodicCallback((MFPERIODICCALLBACK)(void *)periodic_called, NULL, &periodic);
    ok(hr == S_OK, "got %#lx\n", hr);
    for (i = 0; i < 5; i++)
        ok(!WaitForSingleObject(periodic_came, DEADLINE_MS), "%ld periodic calls came\n", periodic_calls);
    hr = MFRemovePeriodicCallback(periodic);
    ok(hr == S_OK, "got %#lx\n", hr);
}

/* ---- the sound file ---- */

static SHORT sound_at(DWORD i)
{
    return (SHORT)((i * 37) & 0x3fff);
}

static void write_sound(void)
{
    static const BYTE head[] =
        "RIFF\0\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\0\0\0";
    BYTE bytes[44 + SOUND_BYTES];
    HANDLE file;
    DWORD i, n;

    memcpy(bytes, head, 44);
    *(DWORD *)(bytes + 4) = 36 + SOUND_BYTES;
    *(DWORD *)(bytes + 40) = SOUND_BYTES;
    for (i = 0; i < SOUND_BYTES / 2; i++)
        *(SHORT *)(bytes + 44 + 2 * i) = sound_at(i);
    GetTempPathW(MAX_PATH, path);
    lstrcatW(path, L"wq_media.wav");
    file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    ok(WriteFile(file, bytes, sizeof(bytes), &n, NULL), "error %lu\n", GetLastError());
    CloseHandle(file);
}

/* Adds a sample to what was read; returns its bytes, counts the wrong ones. */
static DWORD check_sample(IMFSample *sample, DWORD offset, DWORD *wrong)
{
    IMFMediaBuffer *buffer;
    DWORD length = 0, i;
    BYTE *data;

    IMFSample_ConvertToContiguousBuffer(sample, &buffer);
    IMFMediaBuffer_Lock(buffer, &data, NULL, &length);
    for (i = 0; i + 1 < length; i += 2)
        *wrong += *(SHORT *)(data + i) != sound_at((offset + i) / 2);
    IMFMediaBuffer_Unlock(buffer);
    IMFMediaBuffer_Release(buffer);
    return length;
}

static BOOL test_reader(void)
{
    DWORD total = 0, wrong = 0, flags = 0, stream;
    IMFSourceReader *reader;
    LONGLONG time;
    HRESULT hr;

    hr = MFCreateSourceReaderFromURL(path, NULL, &reader);
    if (hr != S_OK) {
        skip("no decoder for a sound file here: %#lx\n", hr);
        return FALSE;
    }
    while (!(flags & MF_SOURCE_READERF_ENDOFSTREAM)) {
        IMFSample *sample = NULL;

        hr = IMFSourceReader_ReadSample(reader, MF_SOURCE_READER_FIRST_AUDIO_STREAM, 0, &stream, &flags,
                                        &time, &sample);
        ok(hr == S_OK, "got %#lx\n", hr);
        if (hr != S_OK)
            break;
        if (sample) {
            total += check_sample(sample, total, &wrong);
            IMFSample_Release(sample);
        }
    }
    ok(total == SOUND_BYTES && !wrong, "%lu bytes, %lu wrong\n", total, wrong);
    IMFSourceReader_Release(reader);
    return TRUE;
}

/* ---- the session ---- */

static IMFMediaSource *open_source(void)
{
    IMFSourceResolver *resolver;
    IMFMediaSource *source = NULL;
    MF_OBJECT_TYPE type;
    IUnknown *object;
    HRESULT hr;

    MFCreateSourceResolver(&resolver);
    hr = IMFSourceResolver_CreateObjectFromURL(resolver, path, MF_RESOLUTION_MEDIASOURCE, NULL, &type,
                                               &object);
    ok(hr == S_OK, "got %#lx\n", hr);
    if (hr == S_OK) {
        IUnknown_QueryInterface(object, &IID_IMFMediaSource, (void **)&source);
        IUnknown_Release(object);
    }
    IMFSourceResolver_Release(resolver);
    return source;
}

static IMFTopology *make_topology(IMFMediaSource *source, IMFActivate *sink)
{
    IMFTopologyNode *from, *to;
    IMFPresentationDescriptor *presentation;
    IMFStreamDescriptor *stream;
    IMFTopology *topology;
    BOOL selected;

    IMFMediaSource_CreatePresentationDescriptor(source, &presentation);
    IMFPresentationDescriptor_GetStreamDescriptorByIndex(presentation, 0, &selected, &stream);
    MFCreateTopology(&topology);
    MFCreateTopologyNode(MF_TOPOLOGY_SOURCESTREAM_NODE, &from);
    IMFTopologyNode_SetUnknown(from, &MF_TOPONODE_SOURCE, (IUnknown *)source);
    IMFTopologyNode_SetUnknown(from, &MF_TOPONODE_PRESENTATION_DESCRIPTOR, (IUnknown *)presentation);
    IMFTopologyNode_SetUnknown(from, &MF_TOPONODE_STREAM_DESCRIPTOR, (IUnknown *)stream);
    MFCreateTopologyNode(MF_TOPOLOGY_OUTPUT_NODE, &to);
    IMFTopologyNode_SetObject(to, (IUnknown *)sink);
    IMFTopologyNode_SetUINT32(to, &MF_TOPONODE_CONNECT_METHOD, MF_CONNECT_DIRECT);
    IMFTopology_AddNode(topology, from);
    IMFTopology_AddNode(topology, to);
    IMFTopologyNode_ConnectOutput(from, 0, to, 0);
    IMFTopologyNode_Release(from);
    IMFTopologyNode_Release(to);
    IMFStreamDescriptor_Release(stream);
    IMFPresentationDescriptor_Release(presentation);
    return topology;
}

static void test_session(void)
{
    static struct callback callback; /* events may come late */
    IMFMediaSource *source = open_source();
    IMFMediaType *type;
    IMFActivate *sink;
    IMFTopology *topology;
    ULONGLONG end;
    HRESULT hr;
    DWORD ret;

    if (!source)
        return;
    MFCreateMediaType(&type);
    IMFMediaType_SetGUID(type, &MF_MT_MAJOR_TYPE, &MFMediaType_Audio);
    IMFMediaType_SetGUID(type, &MF_MT_SUBTYPE, &MFAudioFormat_PCM);
    hr = MFCreateSampleGrabberSinkActivate(type, &grabber, &sink);
    ok(hr == S_OK, "got %#lx\n", hr);
    topology = make_topology(source, sink);
    callback_init(&callback);
    hr = MFCreateMediaSession(NULL, &callback.session);
    ok(hr == S_OK, "got %#lx\n", hr);
    hr = IMFMediaSession_BeginGetEvent(callback.session, &callback.iface, NULL);
    ok(hr == S_OK, "got %#lx\n", hr);
    hr = IMFMediaSession_SetTopology(callback.session, 0, topology);
    ok(hr == S_OK, "got %#lx\n", hr);
    end = GetTickCount64() + DEADLINE_MS;
    while (!InterlockedCompareExchange(&callback.started, 0, 0) && GetTickCount64() < end)
        SwitchToThread();
    flaky_wine_if(!GetModuleHandleA("wqcore.dll"))
        ok(callback.started == 1, "started %ld\n", callback.started);
    ret = WaitForSingleObject(callback.came, SESSION_MS);
    /* Wine's session now and then misses the end of the stream, whichever rtworkq.dll it runs on: in 2 of 51 runs;
     * with a sink that ignores the clock in 14 of 40. */
    flaky_wine
    {
        ok(!ret && callback.ended == 1, "ended %ld, %ld events\n", callback.ended, callback.invoked);
        ok(grabbed == SOUND_BYTES, "the sink got %lu bytes\n", grabbed);
    }
    IMFMediaSession_Close(callback.session);
    IMFMediaSession_Shutdown(callback.session);
    IMFMediaSource_Shutdown(source);
    IMFActivate_ShutdownObject(sink);
    IMFMediaSession_Release(callback.session);
    IMFTopology_Release(topology);
    IMFActivate_Release(sink);
    IMFMediaType_Release(type);
    IMFMediaSource_Release(source);
}

START_TEST(media)
{
    HRESULT hr = MFStartup(MF_VERSION, MFSTARTUP_FULL);

    ok(hr == S_OK, "got %#lx\n", hr);
    test_queues();
    write_sound();
    if (test_reader())
        test_session();
    DeleteFileW(path);
    hr = MFShutdown();
    ok(hr == S_OK, "got %#lx\n", hr);
}
