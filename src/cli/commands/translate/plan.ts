import { CommandError, EXIT } from '../../exit-code.js';
import { splitCommand } from '../../split-command.js';
import type { TranslateFlags } from '../../translate-command.js';

export const EXPOSABLE = ['mcp', 'sse', 'ws'] as const;
export type Exposed = (typeof EXPOSABLE)[number];

/** A remote server and how it is spoken to. */
export interface RemoteServer {
  readonly url: string;
  readonly transport: 'AUTO' | 'STREAMABLEHTTP' | 'SSE';
}

/** What to translate from: a program that is started, or a remote server. */
export type Source = { readonly argv: readonly string[] } | { readonly remote: RemoteServer };

/** Which header becomes which variable of the server. */
export interface HeaderVariable {
  /** Lower case. */
  readonly header: string;
  readonly variable: string;
}

const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;
/** Those of the protocol and of the connection: what they say is not for the server. */
const OWN_HEADER = /^(?:host|connection|content-.*|transfer-encoding|mcp-.*|accept.*|upgrade)$/;

/** @throws CommandError `usage` */
export function sourceOf(flags: TranslateFlags): Source {
  const remotes: [string | undefined, RemoteServer['transport']][] = [
    [flags.connect, 'AUTO'],
    [flags.connectStreamableHttp, 'STREAMABLEHTTP'],
    [flags.connectSse, 'SSE'],
    [flags.sse, 'SSE'],
  ];
  const named = remotes.flatMap(([url, transport]) =>
    url === undefined ? [] : [{ url, transport }],
  );
  const [remote] = named;
  if (named.length > 1) throw usage('Give one remote server: --connect URL.');
  if (typeof flags.stdio === 'string') {
    if (remote !== undefined) throw usage('Give --stdio a command, or --connect a URL, not both.');
    return { argv: argvOf(flags.stdio) };
  }
  if (remote === undefined)
    throw usage("Say what to translate: --stdio 'COMMAND', or --connect URL --stdio.");
  if (flags.stdio === undefined)
    throw usage('A remote server goes to this stdio only: add --stdio without a value.');
  return { remote };
}

function argvOf(line: string): string[] {
  const argv = splitCommand(line);
  if (argv === null) throw usage('--stdio: a quote is left open.');
  if (argv.length === 0) throw usage('--stdio: the command is empty.');
  return argv;
}

/** @throws CommandError `usage` */
export function exposedBy(flags: TranslateFlags): ReadonlySet<Exposed> {
  const asked = (flags.expose ?? '').split(',').map((one) => one.trim());
  const names = asked.filter((one) => one !== '');
  if (flags.exposeStreamableHttp === true) names.push('mcp');
  if (flags.exposeSse === true) names.push('sse');
  if (names.length === 0) return new Set(['mcp', 'sse']);
  return new Set(
    names.map((name) => {
      const known = EXPOSABLE.find((one) => one === name);
      if (known === undefined) throw usage(`--expose: ${name} is not mcp, sse or ws.`);
      return known;
    }),
  );
}

/** @throws CommandError `usage` */
export function headerVariables(
  flags: TranslateFlags,
  envFault: (name: string, value: string) => string | undefined,
): readonly HeaderVariable[] {
  const { headerToEnv = [] } = flags;
  if (headerToEnv.length > 0 && flags.enableDynamicEnv !== true)
    throw usage(
      '--header-to-env lets clients set variables of the program: allow it with --enable-dynamic-env.',
    );
  return headerToEnv.map((pair) => {
    const at = pair.indexOf('=');
    const header = pair.slice(0, Math.max(at, 0)).trim().toLowerCase();
    const variable = pair.slice(at + 1).trim();
    if (!TOKEN.test(header) || OWN_HEADER.test(header))
      throw usage(`--header-to-env: '${pair}' is not HEADER=VARIABLE.`);
    const fault = envFault(variable, '');
    if (fault !== undefined) throw usage(`--header-to-env: ${variable}: ${fault}.`);
    return { header, variable };
  });
}

/** @throws CommandError `usage` */
export function pathsOf({ ssePath, messagePath }: TranslateFlags): {
  sse: string;
  message: string;
} {
  for (const path of [ssePath, messagePath])
    if (!/^\/[\w.~/-]*\w$/.test(path)) throw usage(`'${path}' is no path such as /sse.`);
  if (ssePath === messagePath) throw usage('--ssePath and --messagePath must differ.');
  return { sse: ssePath, message: messagePath };
}

export function usage(message: string): CommandError {
  return new CommandError(`${message} See mcpgateway translate --help.`, EXIT.usage);
}
