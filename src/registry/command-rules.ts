import { realpathSync } from 'node:fs';
import { basename, isAbsolute } from 'node:path';

/** Programs that run what their arguments say: the path alone allows nothing (SECURITY.md S40). */
const RUNNERS =
  /^(?:(?:ba|da|z|k|fi|c|tc|a)?sh|busybox|toybox|node(?:js)?|python[\d.]*|pypy[\d.]*|npx|npm|pnpm|pnpx|yarn|uvx?|pipx?|deno|bunx?|perl[\d.]*|ruby[\d.]*|php[\d.]*|lua[\d.]*|java|dotnet|dnx|tclsh|osascript|pwsh|powershell|cmd|env|sudo|doas|su|nohup|nice|setsid|timeout|xargs|find|ssh|docker|podman|nerdctl|make|awk|gawk|sed|git)(?:\.exe)?$/i;
const REFUSED_ENV =
  /^(?:LD_|DYLD_|NODE_|GIT_|NPM_CONFIG_|PYTHON|PERL5|RUBY|BASH_)|^(?:PATH|BASH_ENV|ENV|IFS|SHELLOPTS)$/i;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/**
 * Whether an allow-list lets a command start. An entry is a whole command line; for ordinary programs the
 * path alone is enough, for shells, interpreters and package runners the entry must name arguments, and those
 * must be the first ones exactly.
 */
export function isCommandAllowed(
  command: string,
  args: readonly string[],
  allowed: readonly string[],
): boolean {
  if (!isAbsolute(command) || command.split('/').some((part) => part === '..' || part === '.'))
    return false;
  const isRunner = [command, realPath(command)].some((path) => RUNNERS.test(basename(path)));
  return allowed.some((entry) => {
    const [path, ...prefix] = entry.trim().split(/\s+/);
    if (path !== command) return false;
    if (prefix.length === 0) return !isRunner;
    return prefix.every((arg, i) => args[i] === arg);
  });
}

/** Follows symbolic links, so that a link to a shell counts as a shell; a missing file is itself. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** @returns what is wrong with one variable of a child, or `undefined` */
export function envFault(name: string, value: string): string | undefined {
  if (!ENV_NAME.test(name)) return 'the name is no variable name';
  if (REFUSED_ENV.test(name)) return `${name} cannot be set: it can make a program run other code`;
  return value.includes('\0') ? 'the value must not hold NUL' : undefined;
}
