import type Ajv from 'ajv';
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

function tester(format: unknown): ((text: string) => boolean) | undefined {
  const check: unknown =
    typeof format === 'object' && format !== null && 'validate' in format
      ? format.validate
      : format;
  if (check instanceof RegExp) return (text) => check.test(text);
  if (typeof check === 'function') return (text) => check(text) === true;
  return undefined;
}
