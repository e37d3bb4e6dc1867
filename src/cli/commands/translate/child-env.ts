import { envFault } from '../../../registry/command-rules.js';

/**
 * What a program that is started here has of this process's environment: all of it, but for what can
 * make a program run other code. PATH it has anyway.
 */
export function childEnv(
  env: NodeJS.ProcessEnv,
  more: Readonly<Record<string, string>>,
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...env, ...more }))
    if (value !== undefined && envFault(name, value) === undefined) kept[name] = value;
  return kept;
}
