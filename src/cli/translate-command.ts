import { type Command, InvalidArgumentError, Option } from 'commander';
import * as values from './option-values.js';

/** The flags of `mcpgateway translate` as commander hands them over (OPERATIONS.md §1.6). */
export interface TranslateFlags {
  /** A command line; true when the flag stands alone: this process's own stdio. */
  readonly stdio?: string | true;
  readonly connect?: string;
  readonly connectStreamableHttp?: string;
  readonly connectSse?: string;
  readonly sse?: string;
  readonly expose?: string;
  readonly exposeStreamableHttp?: true;
  readonly exposeSse?: true;
  readonly host: string;
  readonly port: string;
  readonly ssePath: string;
  readonly messagePath: string;
  readonly keepAlive: string;
  readonly cors?: readonly string[];
  readonly oauth2Bearer?: string;
  readonly logLevel: string;
  readonly stateless?: true;
  readonly jsonResponse?: true;
  readonly enableDynamicEnv?: true;
  readonly headerToEnv?: readonly string[];
}

/** @param action takes the flags; loaded no earlier than it is called */
export function addTranslate(
  program: Command,
  action: (flags: TranslateFlags) => Promise<void>,
): void {
  const command = program
    .command('translate')
    .description('expose a stdio server on HTTP, SSE and WebSocket, or a remote one on stdio')
    .option('--stdio [command]', 'the server to start, without a shell; alone: speak on this stdio')
    .option('--connect <url>', 'remote server for --stdio; transport found out')
    .option('--connect-streamable-http <url>', 'the same over Streamable HTTP')
    .option('--connect-sse <url>', 'the same over HTTP+SSE')
    .addOption(new Option('--sse <url>').hideHelp())
    .option('--expose <list>', 'of mcp, sse, ws (default: mcp,sse)')
    .addOption(new Option('--expose-streamable-http').hideHelp())
    .addOption(new Option('--expose-sse').hideHelp())
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port to listen on', values.port, '8000')
    .option('--ssePath <path>', 'of the event stream', '/sse')
    .option('--messagePath <path>', 'of what its clients post', '/message')
    .option('--keepAlive <seconds>', 'pause between keep-alive comments', '30')
    .option('--cors <origin...>', 'browser origins that may call')
    .option('--oauth2Bearer <token>', 'sent to the remote server; else asked of clients')
    .option('--logLevel <level>', 'debug, info, warn, error or none; to stderr', 'info')
    .option('--stateless', 'give clients no session, and each request a program of its own')
    .option('--jsonResponse', 'answer JSON where nothing has to be streamed')
    .option('--enable-dynamic-env', 'allow --header-to-env')
    .option('--header-to-env <header=env...>', 'request headers for the environment of the server')
    .addHelpText('after', HELP);
  for (const flag of GRPC)
    command.addOption(new Option(`${flag} [value]`).hideHelp().argParser(noGrpc));
  command.action((flags: TranslateFlags) => action(flags));
}

/** Flags of other translators. */
const GRPC = [
  '--grpc',
  '--connect-grpc',
  '--expose-grpc',
  '--grpc-tls',
  '--grpc-cert',
  '--grpc-key',
  '--grpc-metadata',
];

function noGrpc(): never {
  throw new InvalidArgumentError('gRPC is not supported.');
}

const HELP = `
Examples:
  $ mcpgateway translate --stdio 'npx -y @modelcontextprotocol/server-everything' --port 8000
  $ mcpgateway translate --stdio 'uvx mcp-server-git' --expose mcp,ws --oauth2Bearer "$TOKEN"
  $ mcpgateway translate --stdio --connect https://example.com/mcp`;
