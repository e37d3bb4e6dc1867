/** One thing wrong with the configuration. `problem` never contains the value of a secret. */
export interface ConfigFault {
  /** The variable, or the flag with its dashes. */
  readonly name: string;
  readonly problem: string;
  readonly fix: string;
}

/** All that is wrong with the configuration, at once. The command answers exit code 78. */
export class ConfigError extends Error {
  constructor(readonly faults: readonly ConfigFault[]) {
    super(
      `Configuration:\n${faults.map((f) => `  ${f.name} ${f.problem}. Fix: ${f.fix}.`).join('\n')}`,
    );
    this.name = 'ConfigError';
  }
}
