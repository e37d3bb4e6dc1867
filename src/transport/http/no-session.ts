import type { ClientView } from '../../kernel/call.js';
import { LATEST_LEGACY } from '../../kernel/mcp.js';

/** A client of which nothing is known and that cannot be asked. */
export const NO_SESSION: ClientView = {
  era: 'legacy',
  revision: LATEST_LEGACY,
  sessionId: null,
  capabilities: '{}',
  clientInfo: null,
  logLevel: null,
};
