import { GatewayError } from '../../kernel/errors.js';
import { UpstreamRpcError } from '../../kernel/jsonrpc.js';
import type { Members } from '../../kernel/json-members.js';
import { findMembers, RELAYED } from '../../kernel/json-scan.js';
import {
  CLAIM,
  RPC_CODE,
  isModernRevision,
  isRevision,
  LEGACY_REVISIONS,
  MODERN_REVISIONS,
} from '../../kernel/mcp.js';
import type { Greeting } from './connection.js';
import { UNGREETED } from './probe-request.js';
import { answeredBadly } from './upstream-fault.js';

/** What a probe found: how to speak to an upstream, and what a modern one said of itself. */
export type Verdict =
  | {
      readonly era: 'modern';
      readonly greeting: Greeting;
      /** The code it refused the question with, for a fault of ours: it has said nothing of itself. */
      readonly refusal?: number;
    }
  | { readonly era: 'legacy' };

const LEGACY: Verdict = { era: 'legacy' };
/** Refusals that say nothing of the era: of the credential, of the moment. */
const UNDECIDED = [401, 403, 407, 408, 429];

/**
 * Finds out the era of an upstream by asking it `server/discover` (PROTOCOL.md §7.1).
 * @param ask sends the question, answers the `result` as JSON text
 * @param isPipe whether silence and a broken line are ways of old servers to say no
 * @throws GatewayError when nothing can be told, or no revision is common
 */
export async function probeEra(ask: () => Promise<string>, isPipe: boolean): Promise<Verdict> {
  let result: string;
  try {
    result = await askTwice(ask);
  } catch (e) {
    return verdictOf(e, isPipe);
  }
  return readDiscovery(result);
}

/** Whoever refuses our revision and names it as its own is asked once more (26 Versioning §Errors). */
async function askTwice(ask: () => Promise<string>): Promise<string> {
  try {
    return await ask();
  } catch (e) {
    if (e instanceof UpstreamRpcError && supportedIn(e)?.some(isModernRevision) === true)
      return ask();
    throw e;
  }
}

/** The revisions that a refusal of ours names; `null` when it is none. */
function supportedIn(error: UpstreamRpcError): string[] | null {
  if (error.code !== RPC_CODE.unsupportedRevision) return null;
  const data = findMembers(findMembers(error.error, RELAYED)?.raw('data'), RELAYED);
  return textsOf(data?.raw('supported'));
}

/**
 * Reads a `server/discover` result. A server that answers every method with something is legacy.
 * @throws GatewayError `upstream_error` when it speaks no revision that we speak
 */
export function readDiscovery(result: string): Verdict {
  const top = findMembers(result, RELAYED);
  const supported = textsOf(top?.raw('supportedVersions'));
  if (top === undefined || supported === null) return LEGACY;
  const protocolVersion = MODERN_REVISIONS.find((revision) => supported.includes(revision));
  if (protocolVersion === undefined) return withoutModern(supported);
  return {
    era: 'modern',
    greeting: {
      era: 'modern',
      protocolVersion,
      capabilities: top.object('capabilities') ?? '{}',
      serverInfo: serverInfoOf(top),
      instructions: top.string('instructions') ?? null,
    },
  };
}

function verdictOf(error: unknown, isPipe: boolean): Verdict {
  if (error instanceof UpstreamRpcError) return verdictOfAnswer(error);
  const isOurs = error instanceof GatewayError;
  if (isOurs && (isPipe ? isSilent(error) : isRefused(error))) return LEGACY;
  throw error;
}

/** An old server on a pipe says nothing, or ends. */
function isSilent(error: GatewayError): boolean {
  return error.code === 'upstream_timeout' || error.code === 'upstream_error';
}

function isRefused(error: GatewayError): boolean {
  if (error.code !== 'upstream_error') return false;
  const status = error.extras.data?.['status'];
  if (typeof status === 'number') return status < 500 && !UNDECIDED.includes(status);
  return error.extras.wayUp?.reach === 'answered';
}

function verdictOfAnswer(error: UpstreamRpcError): Verdict {
  if (error.code === RPC_CODE.unsupportedRevision) {
    const supported = supportedIn(error);
    if (supported === null) return LEGACY;
    if (!supported.some(isModernRevision)) return withoutModern(supported);
    throw answeredBadly('upstream refuses the protocol revision that it names itself', {
      cause: error,
    });
  }
  // Only a modern server has these: that our question was at fault does not make it a legacy one.
  if (error.code === RPC_CODE.headerMismatch || error.code === RPC_CODE.missingCapability)
    return { era: 'modern', greeting: UNGREETED, refusal: error.code };
  return LEGACY;
}

function withoutModern(supported: readonly string[]): Verdict {
  if (supported.some(isRevision)) return LEGACY;
  const named = supported
    .slice(0, 8)
    .map((text) => text.slice(0, 40).replace(/[^\x20-\x7e]/g, '?'));
  const ours = [...LEGACY_REVISIONS, ...MODERN_REVISIONS].join(', ');
  throw answeredBadly(
    `upstream speaks protocol revisions ${named.join(', ')}; supported are ${ours}`,
  );
}

/** Own member of the result in earlier drafts, of its `_meta` since (26 Overview §_meta). */
function serverInfoOf(top: Members): string | null {
  const meta = findMembers(top.object('_meta'), RELAYED);
  const inMeta = meta?.object(CLAIM.serverInfo);
  return inMeta ?? top.object('serverInfo') ?? null;
}

function textsOf(raw: string | undefined): string[] | null {
  const value: unknown = raw === undefined ? null : JSON.parse(raw);
  if (!Array.isArray(value)) return null;
  return value.filter((item): item is string => typeof item === 'string');
}
