import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { CommandError, EXIT } from '../exit-code.js';
import type { Io } from '../io.js';

interface Options {
  readonly host?: string;
  readonly port?: string;
  readonly config?: string;
}

/** Starts the gateway; it runs until a signal ends it. */
export async function serve(options: Options, io: Io): Promise<void> {
  const gatewaysFile = options.config === undefined ? undefined : resolve(io.cwd, options.config);
  if (gatewaysFile !== undefined && !existsSync(gatewaysFile))
    throw new CommandError(`No file ${gatewaysFile}. Check --config.`, EXIT.usage);
  const flags: Record<string, string> = {
    ...(options.host !== undefined && { host: options.host }),
    ...(options.port !== undefined && { port: options.port }),
  };
  const { bootstrap } = await import('../../main.js');
  try {
    await bootstrap({ flags, ...(gatewaysFile !== undefined && { gatewaysFile }) });
  } catch (e) {
    throw explained(e);
  }
}

/** The one start fault that people meet daily gets a sentence. */
function explained(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'EADDRINUSE') return error;
  const port = 'port' in error ? ` ${String(error.port)}` : '';
  return new CommandError(`Port${port} is in use. Choose another with --port.`, EXIT.usage);
}
