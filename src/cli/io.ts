/** What a command touches of the process around it. */
export interface Io {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Data, and nothing else. */
  readonly out: (text: string) => void;
  /** Everything for people. */
  readonly err: (text: string) => void;
}
