import type Ajv from 'ajv/dist/core.js';
import { fastFormats } from 'ajv-formats/dist/formats.js';

/** Formats that are checked; others are annotations only, as 2020-12 says of all. */
const NAMES = [
  'date',
  'date-time',
  'time',
  'duration',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'json-pointer',
  'relative-json-pointer',
  'uri',
  'uri-reference',
  'uri-template',
  'uuid',
] as const;

/** Longer strings are refused unseen: some of these expressions are not linear. */
const MAX_FORMATTED = 4096;

export function addSafeFormats(ajv: Ajv): void {
  for (const name of NAMES) {
    const test = tester(fastFormats[name]);
    if (test) ajv.addFormat(name, (text: string) => text.length <= MAX_FORMATTED && test(text));
  }
}

type Check = RegExp | ((text: string) => boolean);

/** Formats come as an expression, a function, or an object around one of them. */
function tester(format: unknown): ((text: string) => boolean) | undefined {
  const isWrapped = typeof format === 'object' && format !== null && 'validate' in format;
  const check = (isWrapped ? format.validate : format) as Check | undefined;
  if (check instanceof RegExp) return (text) => check.test(text);
  return typeof check === 'function' ? (text) => check(text) : undefined;
}
