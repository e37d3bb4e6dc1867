/** Beyond any of these a schema is work for the thread (SECURITY.md S46): compiling it takes too long. */
const LIGHT = { chars: 4_096, objects: 48, references: 8, repeats: 500, classes: 8 } as const;

/** Keywords whose checks cost far more than they are long. */
const COSTLY = /"(?:unevaluated|dependen|\$dynamicRef|\$recursiveRef|patternProperties)/;

/**
 * Whether a schema can be compiled between two requests without anybody noticing. Judged by its text
 * alone, and too strictly rather than too kindly: it decides where the work is done, not what is allowed.
 */
export function isLight(schemaText: string): boolean {
  return (
    schemaText.length <= LIGHT.chars &&
    count(schemaText, /\{/g) <= LIGHT.objects &&
    count(schemaText, /"\$ref"/g) <= LIGHT.references &&
    !COSTLY.test(schemaText) &&
    (!schemaText.includes('"pattern"') || hasLightPatterns(schemaText))
  );
}

/** An expression unrolls its counted repeats; one around a group multiplies what is in it. */
function hasLightPatterns(text: string): boolean {
  let sum = 1;
  let product = 1;
  for (const [, group, least, most] of text.matchAll(/(\))?\{(\d+)(?:,(\d*))?\}/g)) {
    const times = Number(most === undefined || most === '' ? least : most);
    if (group === undefined) sum += times;
    else product *= Math.max(times, 1);
  }
  return sum * product <= LIGHT.repeats && count(text, /\\\\?[pP]/g) <= LIGHT.classes;
}

function count(text: string, what: RegExp): number {
  return text.match(what)?.length ?? 0;
}
