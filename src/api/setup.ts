import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Config } from '../config/config.js';
import { Log } from '../platform/log/log.js';
import { Meters } from '../platform/metrics/meters.js';
import { MAX_BODY_BYTES } from './body/json-body.decorator.js';
import { cors } from './edge/cors.js';
import { observe } from './edge/observe.js';
import { requestId } from './edge/request-id.js';
import { rewritePath } from './edge/rewrite-path.js';
import { answerOptions } from './edge/routes.js';
import { securityHeaders } from './edge/security-headers.js';

/**
 * What every request of the control plane passes before routing. The app must have been made with
 * `bodyParser: false`: bodies are read after the guards (`JsonBody`). None of this decides who may do
 * what (SECURITY.md F23).
 */
export function setupControlPlane(app: NestExpressApplication, config: Config): void {
  app.set('etag', false);
  app.set('x-powered-by', false);
  app.set('query parser', 'simple');
  app.set(MAX_BODY_BYTES, config.maxRequestSizeBytes);
  routeCaseSensitively(app);
  app.use(
    requestId,
    observe(config, app.get(Meters), app.get(Log)),
    securityHeaders(config),
    cors(config),
    rewritePath(config.appRootPath),
    answerOptions,
  );
}

/** Nest's adapter has made the router by now, so Express's setting would come too late. */
function routeCaseSensitively(app: NestExpressApplication): void {
  const { router } = app.getHttpAdapter().getInstance();
  (router as { caseSensitive?: boolean }).caseSensitive = true;
}
