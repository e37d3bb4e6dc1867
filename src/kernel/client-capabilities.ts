import type { Members } from './json-members.js';
import { findMembers, RELAYED, scanJson } from './json-scan.js';
import { type ServerRequestMethod } from './mcp.js';

/** The client capabilities that the gateway can bridge, one bit each (PROTOCOL.md §3.2). */
export const CAPABILITY = {
  roots: 1,
  sampling: 2,
  samplingTools: 4,
  samplingContext: 8,
  elicitationForm: 16,
  elicitationUrl: 32,
  /** It tells when its roots change. */
  rootsListChanged: 64,
} as const;

/** What a client can answer: known members as bits, extensions as they were written. */
export interface CapabilitySet {
  readonly bits: number;
  /** Name and settings (a JSON object as text), sorted by name. */
  readonly extensions: readonly Extension[];
}
export type Extension = readonly [name: string, settings: string];

const NONE: CapabilitySet = { bits: 0, extensions: [] };
/** Longest name of an extension that is taken for one. */
const MAX_NAME = 128;

/**
 * Reads declared capabilities. Whatever is no object, unknown or malformed counts as absent.
 * @param raw `capabilities` of `initialize`, or the claim of a modern request, as JSON text
 */
export function readCapabilities(raw: string | undefined): CapabilitySet {
  const given = findMembers(raw);
  if (given === undefined) return NONE;
  return { bits: bitsOf(given), extensions: extensionsOf(findMembers(given.raw('extensions'))) };
}

/** The set as JSON text: equal sets have equal texts. */
export function capabilitiesText({ bits, extensions }: CapabilitySet): string {
  const has = (bit: number): boolean => (bits & bit) !== 0;
  const elicitation = [
    ...(has(CAPABILITY.elicitationForm) ? ['"form":{}'] : []),
    ...(has(CAPABILITY.elicitationUrl) ? ['"url":{}'] : []),
  ];
  const sampling = [
    ...(has(CAPABILITY.samplingContext) ? ['"context":{}'] : []),
    ...(has(CAPABILITY.samplingTools) ? ['"tools":{}'] : []),
  ];
  const settings = extensions.map(([name, value]) => `${JSON.stringify(name)}:${value}`);
  const members = [
    ...(elicitation.length > 0 ? [`"elicitation":{${elicitation.join(',')}}`] : []),
    ...(settings.length > 0 ? [`"extensions":{${settings.join(',')}}`] : []),
    ...(has(CAPABILITY.roots)
      ? [has(CAPABILITY.rootsListChanged) ? '"roots":{"listChanged":true}' : '"roots":{}']
      : []),
    ...(has(CAPABILITY.sampling) ? [`"sampling":{${sampling.join(',')}}`] : []),
  ];
  return `{${members.join(',')}}`;
}

/**
 * Leaves out extensions, the largest first, until names and settings fit.
 * @param maxBytes of all together
 */
export function fitExtensions(
  set: CapabilitySet,
  maxBytes: number,
): { readonly set: CapabilitySet; readonly dropped: readonly string[] } {
  const size = ([name, settings]: Extension): number => Buffer.byteLength(name + settings);
  const bySize = [...set.extensions].sort((a, b) => size(b) - size(a));
  const dropped: string[] = [];
  let total = set.extensions.reduce((sum, extension) => sum + size(extension), 0);
  for (const extension of bySize) {
    if (total <= maxBytes) break;
    total -= size(extension);
    dropped.push(extension[0]);
  }
  const extensions = set.extensions.filter(([name]) => !dropped.includes(name));
  return { set: { bits: set.bits, extensions }, dropped };
}

/**
 * The capability that a client lacks for a request of a server: `sampling`, `sampling.tools`,
 * `elicitation`, `elicitation.form`, `elicitation.url`, `roots`; `null` when it can answer.
 * @param params inside of the request's params
 */
export function missingCapability(
  { bits }: CapabilitySet,
  method: ServerRequestMethod,
  params: string,
): string | null {
  switch (method) {
    case 'roots/list':
      return (bits & CAPABILITY.roots) === 0 ? 'roots' : null;
    case 'sampling/createMessage':
      if ((bits & CAPABILITY.sampling) === 0) return 'sampling';
      if ((bits & CAPABILITY.samplingTools) !== 0) return null;
      return scanJson(`{${params}}`, RELAYED).top.has('tools') ? 'sampling.tools' : null;
    case 'elicitation/create': {
      const { elicitationForm, elicitationUrl } = CAPABILITY;
      if ((bits & (elicitationForm | elicitationUrl)) === 0) return 'elicitation';
      const isUrl = scanJson(`{${params}}`, RELAYED).top.string('mode') === 'url';
      if ((bits & (isUrl ? elicitationUrl : elicitationForm)) !== 0) return null;
      return isUrl ? 'elicitation.url' : 'elicitation.form';
    }
  }
}

function bitsOf(given: Members): number {
  const sampling = findMembers(given.raw('sampling'));
  const elicitation = findMembers(given.raw('elicitation'));
  const roots = findMembers(given.raw('roots'));
  let bits = roots === undefined ? 0 : CAPABILITY.roots;
  if (roots?.raw('listChanged') === 'true') bits |= CAPABILITY.rootsListChanged;
  if (sampling !== undefined) {
    bits |= CAPABILITY.sampling;
    if (findMembers(sampling.raw('tools')) !== undefined) bits |= CAPABILITY.samplingTools;
    if (findMembers(sampling.raw('context')) !== undefined) bits |= CAPABILITY.samplingContext;
  }
  if (elicitation !== undefined) {
    const hasUrl = findMembers(elicitation.raw('url')) !== undefined;
    const hasForm = findMembers(elicitation.raw('form')) !== undefined;
    if (hasUrl) bits |= CAPABILITY.elicitationUrl;
    // An empty object means forms, as it did before there were modes (25 Elicitation §Capabilities).
    if (hasForm || !hasUrl) bits |= CAPABILITY.elicitationForm;
  }
  return bits;
}

function extensionsOf(given: Members | undefined): Extension[] {
  if (given === undefined) return [];
  const found: Extension[] = [];
  for (const name of [...given.names()].sort()) {
    const settings = given.raw(name);
    if (settings?.startsWith('{') === true && name.length <= MAX_NAME) found.push([name, settings]);
  }
  return found;
}
