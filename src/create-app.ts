import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { setupControlPlane } from './api/setup.js';
import { AppModule } from './app.module.js';
import type { Config } from './config/config.js';
import { HouseServer } from './house-server.js';
import { NestLog } from './nest-log.js';
import { type Log, createLogger } from './platform/log/log.js';
import { HttpAdapter } from './transport/http.adapter.js';

/**
 * Builds a whole gateway that does not listen yet. Nothing is shared between two of them.
 * @param config with its secrets resolved
 */
export async function createApp(
  config: Config,
  log: Log = createLogger(config),
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule.forRoot(config, log),
    new HouseServer(),
    // Nest's own options are a class by accident of its declarations: it takes a literal.
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
    { bodyParser: false, logger: new NestLog(log), abortOnError: false },
  );
  setupControlPlane(app, config);
  await app.init();
  app.get(HttpAdapter).attach(app.getHttpServer());
  return app;
}
