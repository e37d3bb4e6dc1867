import type { NextFunction, Request, Response } from 'express';
import type { Config } from '../../config/config.js';
import type { ControlRequest } from '../../kernel/control-request.js';
import type { Log } from '../../platform/log/log.js';
import type { Meters } from '../../platform/metrics/meters.js';
import { routeTemplate } from './routes.js';

/** Measures every request of the control plane, and writes the access log as `ACCESS_LOG` says. */
export function observe(
  config: Pick<Config, 'accessLog'>,
  meters: Pick<Meters, 'httpRequest' | 'inFlight'>,
  log: Pick<Log, 'info'>,
): (request: Request, response: Response, next: NextFunction) => void {
  return (request, response, next) => {
    const start = performance.now();
    meters.inFlight('control', 1);
    response.once('close', () => {
      const ms = performance.now() - start;
      const status = response.writableFinished ? response.statusCode : 499;
      const route = routeTemplate(request);
      meters.inFlight('control', -1);
      meters.httpRequest(request.method, route, status, ms / 1000);
      if (config.accessLog === 'all' || (config.accessLog === 'errors' && status >= 400))
        log.info(accessLine(request, { route, status, durationMs: Math.round(ms) }));
    });
    next();
  };
}

/** Neither path nor query: names and URIs of others may stand in them. */
function accessLine(
  request: Request,
  facts: { route: string; status: number; durationMs: number },
): Record<string, unknown> {
  const { id, caller } = request as Request & ControlRequest;
  return {
    event: 'http.request',
    requestId: id,
    method: request.method,
    ...facts,
    ...(caller === undefined ? {} : { user: caller.principal }),
  };
}
