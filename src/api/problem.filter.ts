import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Config } from '../config/config.js';
import type { ControlRequest } from '../kernel/control-request.js';
import type { GatewayError } from '../kernel/errors.js';
import { Log } from '../platform/log/log.js';
import { allowedMethods, routeTemplate } from './edge/routes.js';
import { problemBody } from '../kernel/problem.js';
import { type ProblemContext, problemHeaders, toGatewayError } from './problem.js';

/** Everything that is thrown on the control plane leaves as `application/problem+json`. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly config: Config,
    private readonly log: Log,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<Request & ControlRequest>();
    const response = http.getResponse<Response>();
    const context = contextOf(request);
    const error = toGatewayError(thrown, context);
    this.note(error, request, context);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const headers = problemHeaders(error, this.config.apiAllowBasicAuth);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    response
      .status(error.row.status)
      .setHeader('Content-Type', 'application/problem+json')
      .end(JSON.stringify(problemBody(error, context)));
  }

  private note(error: GatewayError, request: Request, context: ProblemContext): void {
    if (error.row.level === 'debug') return;
    this.log[error.row.level]({
      event: 'http.refused',
      code: error.code,
      requestId: context.requestId,
      method: request.method,
      route: routeTemplate(request),
      ...(error.row.fault === 'caller' ? {} : { err: error.cause ?? error }),
    });
  }
}

/** Where a request of the control plane stands, for the words of its problem. */
export function contextOf(request: Request & ControlRequest): ProblemContext {
  const [path = '/'] = request.originalUrl.split('?');
  return {
    method: request.method,
    path,
    route: request.path,
    requestId: String(request.id),
    allowed: () => allowedMethods(request),
  };
}
