const HEADER_TEXT = /^[\x20-\x7e]*$/;

/** Whether an event has an id that `Last-Event-ID` can say back (25 Transports §Resumability). */
export function isEventId(id: string | undefined): id is string {
  return id !== undefined && HEADER_TEXT.test(id);
}
