import { SECTIONS } from './config.schema.js';
import type { Setting } from './setting.js';

const RULES = `# Configuration

Generated from \`src/config/config.schema.ts\` by \`npm run docs\`: change the table there, not this page.

Each setting is an environment variable. Where several sources name one, the first of these wins:
command line flag, environment, \`NAME_FILE\` (a file that holds the value; only for variables marked
**secret**), \`.env\` in the working directory, default. Empty counts as unset. Lists are JSON arrays or
comma-separated; booleans are \`true false 1 0 yes no on off\`.

The start is refused, with exit code 78 and every fault named at once, when a value cannot be used or
when the combination is unsafe:

| refused | in development | in production |
| --- | --- | --- |
| \`JWT_SECRET_KEY\` or \`AUTH_ENCRYPTION_SECRET\` missing | no: generated into \`MCPGATEWAY_SECRETS_FILE\` | yes |
| a key under 32 bytes, or a well-known key or password | when \`HOST\` is not loopback, or with \`REQUIRE_STRONG_SECRETS=true\` | yes |
| \`AUTH_REQUIRED=false\` while \`HOST\` is not loopback | no: a warning | yes |
| \`SKIP_SSL_VERIFY=true\` | no: a warning | yes |
| \`NODE_TLS_REJECT_UNAUTHORIZED=0\` | yes | yes |
`;

/** The text of `docs/configuration.md`. */
export function renderConfigurationPage(): string {
  const chapters = SECTIONS.map(([title, settings]) => {
    const rows = Object.values(settings).map(tableRow).join('\n');
    return `## ${title}\n\n| Name | Type | Default | Meaning |\n| --- | --- | --- | --- |\n${rows}\n`;
  });
  return [RULES, ...chapters].join('\n');
}

/** The text of `.env.example`: every variable with its default, switched off. */
export function renderEnvExample(): string {
  const chapters = SECTIONS.map(([title, settings]) => {
    const entries = Object.values(settings).map(envEntry).join('\n');
    return `# ── ${title} ──\n\n${entries}`;
  });
  const head =
    '# Every variable with its default. Copy to .env and take the # away where you differ.\n';
  return [head, ...chapters].join('\n');
}

function tableRow(setting: Setting<unknown>): string {
  const names = [setting.env, ...setting.aliases].map(code).join('<br>also ');
  const form = setting.unit === '' ? setting.type : `${setting.type}, ${setting.unit}`;
  const type = setting.secret ? `${form}, **secret**` : form;
  return `| ${names} | ${type} | ${defaults(setting).map(cell).join('; ')} | ${setting.sentence} |`;
}

function cell({ value, note }: { value: string; note: string }): string {
  return note + (value === '' ? 'empty' : code(value));
}

function defaults(setting: Setting<unknown>): { value: string; note: string }[] {
  const all = [{ value: setting.shown, note: '' }];
  if (setting.shownProduction !== undefined) {
    all.push({ value: setting.shownProduction, note: 'production: ' });
  }
  return all;
}

function envEntry(setting: Setting<unknown>): string {
  const form = [setting.type, setting.unit].filter((word) => word !== '').join(', ');
  const [, production] = defaults(setting);
  const inProduction = production === undefined ? '' : `; in production ${production.value}`;
  return `# ${setting.sentence} (${form}${inProduction})\n#${setting.env}=${setting.shown}\n`;
}

function code(text: string): string {
  return `\`${text}\``;
}
