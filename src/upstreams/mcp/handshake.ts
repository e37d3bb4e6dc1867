import { GatewayError } from '../../kernel/errors.js';
import { UpstreamRpcError } from '../../kernel/jsonrpc.js';
import { RELAYED, type Scanned, scanJson } from '../../kernel/json-scan.js';
import { isRevision, LATEST_LEGACY, LEGACY_REVISIONS } from '../../kernel/mcp.js';
import type { Greeting } from './connection.js';

const MAX_SHOWN_MESSAGE = 200;

/**
 * The inside of the params of our `initialize` (MCP 2025-11-25 §Lifecycle/Initialization).
 * @param capabilities client capabilities, a JSON object as text
 * @param clientInfo a JSON object as text
 */
export function initializeParams(capabilities: string, clientInfo: string): string {
  return `"protocolVersion":"${LATEST_LEGACY}","capabilities":${capabilities},"clientInfo":${clientInfo}`;
}

/**
 * Reads the `initialize` result. What an upstream may leave out or get wrong without harm is taken as
 * absent; the revision is not.
 * @throws GatewayError `upstream_error` when it is no initialize result or of a revision we do not speak
 */
export function readGreeting(resultText: string): Greeting {
  const scanned = scan(resultText);
  const { top } = scanned;
  const protocolVersion = top.string('protocolVersion');
  if (protocolVersion === undefined) throw refused('initialize result has no protocolVersion');
  if (!isRevision(protocolVersion))
    throw refused(
      `upstream speaks protocol revision '${shown(protocolVersion)}'; supported are ${LEGACY_REVISIONS.join(', ')}`,
    );
  return {
    era: 'legacy',
    protocolVersion,
    capabilities: top.object('capabilities') ?? '{}',
    serverInfo: top.object('serverInfo') ?? null,
    instructions: top.string('instructions') ?? null,
  };
}

/**
 * A JSON-RPC error in answer to `initialize` is not the answer to anybody's call: it says why the
 * Gateway is of no use.
 * @throws GatewayError `upstream_error` in place of an UpstreamRpcError, else what was given
 */
export function refusedGreeting(error: unknown): never {
  if (!(error instanceof UpstreamRpcError)) throw error;
  const object = JSON.parse(error.error) as { message?: unknown } | null;
  const message = object?.message;
  const said = typeof message === 'string' ? `: ${shown(message, MAX_SHOWN_MESSAGE)}` : '';
  throw refused(
    `Upstream refused initialize with JSON-RPC error ${String(error.code)}${said}`,
    error,
  );
}

function scan(text: string): Scanned {
  let scanned: Scanned;
  try {
    scanned = scanJson(text, RELAYED);
  } catch (e) {
    throw refused('initialize result is no JSON', e);
  }
  if (scanned.kind !== 'object') throw refused('initialize result is no object');
  return scanned;
}

/** A foreign text inside our message: short and in one line. */
function shown(text: string, length = 40): string {
  return text.slice(0, length).replace(/[^\x20-\x7e]/g, '?');
}

function refused(reason: string, cause?: unknown): GatewayError {
  return new GatewayError('upstream_error', { reason }, { cause });
}
