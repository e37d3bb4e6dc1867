import type { FirstContact } from './first-contact.js';
import type { Inbound } from './inbound.js';
import type { LineOut } from './line-out.js';
import type { OpenCalls } from './open-calls.js';
import type { Remote } from './remote.js';
import type { WrapperLog } from './wrapper-log.js';

/** What both eras work with. */
export interface Parts {
  readonly remote: Remote;
  readonly calls: OpenCalls;
  readonly inbound: Inbound;
  readonly out: LineOut;
  readonly contact: FirstContact;
  readonly log: WrapperLog;
}
