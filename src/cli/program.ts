import { Command, CommanderError, Option } from 'commander';
import { PRODUCT_VERSION } from '../kernel/product.js';
import { CommandError, EXIT } from './exit-code.js';
import type { Io } from './io.js';
import * as values from './option-values.js';
import { addTranslate } from './translate-command.js';

/**
 * Runs one command line. Whatever a command needs is loaded when it runs, so that `--help` is quick.
 * @param args what stands behind the program's name
 * @returns the exit code; `undefined` when the command goes on running (`serve`)
 */
export async function run(args: readonly string[], io: Io): Promise<number | undefined> {
  const result: { code: number | undefined } = { code: EXIT.done };
  const program = buildProgram(io, result);
  try {
    checkCommand(program, args);
    await program.parseAsync(args, { from: 'user' });
    return result.code;
  } catch (e) {
    return exitCodeOf(e, io);
  }
}

type Result = { code: number | undefined };

function buildProgram(io: Io, result: Result): Command {
  const program = new Command('mcpgateway')
    .description('Gateway, registry and proxy for the Model Context Protocol.')
    .version(PRODUCT_VERSION)
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .addHelpText('after', '\nWithout a command: mcpgateway serve');
  addServe(program, io, result);
  addToken(program, io, result);
  addConfig(program, io, result);
  addWrapper(program, result);
  addTranslate(program, async (flags) => {
    const { translate } = await import('./commands/translate.js');
    const { processIo } = await import('./wrapper/process-io.js');
    result.code = await translate(flags, processIo());
  });
  addSmall(program, io, result);
  return program;
}

function addServe(program: Command, io: Io, result: Result): void {
  program
    .command('serve', { isDefault: true })
    .description('run the gateway')
    .option('--host <address>', 'address to listen on (HOST)')
    .option('--port <number>', 'port to listen on (PORT)', values.port)
    .option('--config <file>', 'gateways to register at the start: mcpServers JSON')
    .addHelpText(
      'after',
      example('mcpgateway serve --port 8080', 'mcpgateway serve --config mcp.json'),
    )
    .action(async (options: { host?: string; port?: string; config?: string }) => {
      const { serve } = await import('./commands/serve.js');
      await serve(options, io);
      result.code = undefined;
    });
}

function addToken(program: Command, io: Io, result: Result): void {
  const token = program.command('token').description('tokens for clients');
  token
    .command('create')
    .description('print a new token, and nothing else, on stdout')
    .option('-u, --username <name>', 'who it is for (BASIC_AUTH_USER)')
    .addOption(new Option('--user <name>').hideHelp())
    .option('-e, --exp <time>', 'life: minutes, or 24h, 7d (TOKEN_EXPIRY)', values.lifetime)
    .option('-s, --secret <key>', 'key that signs it (JWT_SECRET_KEY)')
    .addOption(
      new Option('--role <role>', 'what it may do').choices(['admin', 'operator', 'viewer']),
    )
    .option('--scopes <json>', 'narrows it: servers, tools, permissions, …', values.jsonObject)
    .option('-d, --data <claims>', 'further claims: k=v,… or JSON', values.claims)
    .option('--pretty', 'show the claims on stderr')
    .option('--json', 'print a JSON object with token and claims')
    .addHelpText('after', example('mcpgateway token create -u alice -e 24h --role viewer'))
    .action(async (options: object) => {
      const { createToken } = await import('./commands/token-create.js');
      await createToken(options, io);
    });
  token
    .command('inspect')
    .description('show what a token says, and whether it is good here')
    .argument('<jwt>')
    .action(async (jwt: string) => {
      const { inspectToken } = await import('./commands/token-inspect.js');
      result.code = await inspectToken(jwt, io);
    });
}

function addConfig(program: Command, io: Io, result: Result): void {
  const config = program.command('config').description('settings');
  config
    .command('check')
    .description('list every fault of the settings; exit 78 when there is one')
    .option('--json', 'print JSON')
    .action(async (options: { json?: boolean }) => {
      const { checkConfig } = await import('./commands/config.js');
      result.code = checkConfig(options, io);
    });
  config
    .command('print')
    .description('print every setting and where it comes from; secrets are masked')
    .option('--json', 'print JSON')
    .action(async (options: { json?: boolean }) => {
      const { printConfig } = await import('./commands/config.js');
      printConfig(options, io);
    });
}

/** Reads its own flags, so that `mcpgateway-wrapper` can do without what stands here. */
function addWrapper(program: Command, result: Result): void {
  program
    .command('wrapper')
    .description('stdio to gateway, for clients that start servers as programs')
    .helpOption(false)
    .allowUnknownOption()
    .argument('[flags...]', 'see mcpgateway wrapper --help')
    .action(async (flags: string[]) => {
      const { runWrapper } = await import('./wrapper/main.js');
      const { processIo } = await import('./wrapper/process-io.js');
      result.code = await runWrapper(flags, processIo());
    });
}

function addSmall(program: Command, io: Io, result: Result): void {
  program
    .command('healthcheck')
    .description('exit 0 when the gateway is ready')
    .option('--url <url>', 'its address (MCPGATEWAY_URL, else HOST and PORT)')
    .option('--timeout <seconds>', 'longest wait', Number, 5)
    .action(async (options: { url?: string; timeout: number }) => {
      const { checkHealth } = await import('./commands/healthcheck.js');
      result.code = await checkHealth(options, io);
    });
  program
    .command('version')
    .description('print the version')
    .action(() => {
      io.out(`mcpgateway ${PRODUCT_VERSION} (Node ${process.version})\n`);
    });
}

/** With a default command, a mistyped one would be taken for an argument of it. */
function checkCommand(program: Command, args: readonly string[]): void {
  const [first] = args;
  if (first === undefined || first.startsWith('-')) return;
  const names = [...program.commands.map((command) => command.name()), 'help'];
  if (names.includes(first)) return;
  const similar = names.find((name) => name.startsWith(first.slice(0, 2)));
  const hint = similar === undefined ? '' : ` Did you mean '${similar}'?`;
  throw new CommandError(`Unknown command '${first}'.${hint} See mcpgateway --help.`, EXIT.usage);
}

function exitCodeOf(error: unknown, io: Io): number {
  if (error instanceof CommanderError) return error.exitCode; // it has written its message
  const message = error instanceof Error ? error.message : String(error);
  io.err(`${message}\n`);
  if (error instanceof CommandError) return error.exitCode;
  // Known by name: the class itself would pull in what `--help` does not need.
  return error instanceof Error && error.name === 'ConfigError' ? EXIT.configuration : EXIT.usage;
}

const example = (...lines: string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;
