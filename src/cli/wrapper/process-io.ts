import { EXIT } from '../exit-code.js';
import type { WrapperIo } from './main.js';

/** The wrapper's surroundings when it is a process of its own. */
export function processIo(): WrapperIo {
  return {
    env: process.env,
    cwd: process.cwd(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    onSignal: (end) => {
      process.once('SIGINT', () => {
        end(EXIT.interrupted);
      });
      process.once('SIGTERM', () => {
        end(EXIT.terminated);
      });
    },
  };
}
