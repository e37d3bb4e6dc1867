// @ts-check
/** The compiler leaves the commands of package.json without the executable bit. */
import { chmodSync, readFileSync } from 'node:fs';

const { bin } = JSON.parse(readFileSync('package.json', 'utf8'));
for (const file of new Set(Object.values(bin))) chmodSync(String(file), 0o755);
