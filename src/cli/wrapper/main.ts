import { appendFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { PRODUCT_VERSION } from '../../kernel/product.js';
import { CommandError, EXIT } from '../exit-code.js';
import { HELP } from './help.js';
import { parseFlags, type Settings, toSettings } from './settings.js';
import { WrapperLog } from './wrapper-log.js';

/** What the wrapper touches of the process around it. */
export interface WrapperIo {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Calls back when the process is asked to end, with the exit code that is due. */
  onSignal(end: (exitCode: number) => void): void;
}

/** Runs `mcpgateway wrapper` to its end. @returns the exit code */
export async function runWrapper(args: readonly string[], io: WrapperIo): Promise<number> {
  try {
    const flags = parseFlags(args);
    if (flags.help === true || flags.version === true) {
      io.stdout.write(flags.help === true ? HELP : `${PRODUCT_VERSION}\n`);
      return EXIT.done;
    }
    const settings = toSettings(flags, io.env, io.cwd);
    for (const warning of settings.warnings) io.stderr.write(`${warning}\n`);
    return await bridged(settings, io);
  } catch (e) {
    if (!(e instanceof CommandError)) throw e;
    io.stderr.write(`${e.message}\n`);
    return e.exitCode;
  }
}

async function bridged(settings: Settings, io: WrapperIo): Promise<number> {
  const { Bridge } = await import('./bridge.js');
  const bridge = new Bridge(
    settings,
    io,
    new WrapperLog(settings.logLevel, writerOf(settings, io)),
  );
  io.onSignal((exitCode) => void bridge.finish(exitCode));
  return bridge.run();
}

function writerOf({ logFile }: Settings, io: WrapperIo): (line: string) => void {
  if (logFile === null) return (line) => io.stderr.write(line);
  const write = (line: string): void => {
    appendFileSync(logFile, line, { mode: 0o600 });
  };
  try {
    write('');
  } catch {
    throw new CommandError(`--log-file: cannot write ${logFile}.`, EXIT.usage);
  }
  return write;
}
