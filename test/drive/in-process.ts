import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { loadConfig } from '../../src/config/load-config.js';
import { createApp } from '../../src/create-app.js';
import { resolveSecrets } from '../../src/platform/crypto/secrets.js';
import { createLogger } from '../../src/platform/log/log.js';
import { SECRET } from './gateway-process.cjs';

export interface InProcessGateway {
  readonly app: INestApplication;
  readonly url: string;
  close(): Promise<void>;
}

/** The gateway inside the test's own process, on a free port with a database of its own. */
export async function startInProcess(env: Record<string, string> = {}): Promise<InProcessGateway> {
  const dir = mkdtempSync(join(tmpdir(), 'mcpgateway-'));
  const loaded = loadConfig(
    {
      HOST: '127.0.0.1',
      PORT: '0',
      DATABASE_URL: `sqlite:///${join(dir, 'mcp.db')}`,
      JWT_SECRET_KEY: SECRET,
      MCPGATEWAY_SECRETS_FILE: join(dir, 'secrets.json'),
      LOG_LEVEL: 'error',
      ...env,
    },
    { cwd: dir },
  );
  const log = createLogger(loaded);
  const app = await createApp(resolveSecrets(loaded, log), log);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return {
    app,
    url: `http://127.0.0.1:${String(port)}`,
    async close() {
      await app.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
