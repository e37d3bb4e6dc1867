import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { map, type Observable } from 'rxjs';
import { Config } from '../config/config.js';
import { Answer, etagOf } from './answer.js';

/** Turns an Answer into body and headers; other bodies pass as they are. */
@Injectable()
export class AnswerInterceptor implements NestInterceptor {
  constructor(private readonly config: Config) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    return next.handle().pipe(
      map((value: unknown) => {
        if (!(value instanceof Answer)) return value;
        this.setHeaders(value.about, http.getRequest<Request>(), http.getResponse<Response>());
        return value.body;
      }),
    );
  }

  private setHeaders(about: Answer['about'], request: Request, response: Response): void {
    const { version, location, nextCursor } = about;
    if (version !== undefined) response.setHeader('ETag', etagOf(version));
    if (location !== undefined)
      response.setHeader('Location', this.config.appRootPath.replace(/\/+$/, '') + location);
    if (nextCursor === undefined || nextCursor === null) return;
    response.setHeader('X-Next-Cursor', nextCursor);
    response.setHeader('Link', `<${nextPage(request.originalUrl, nextCursor)}>; rel="next"`);
  }
}

/** The same list from `cursor` on. */
export function nextPage(url: string, cursor: string): string {
  const [path = '', query = ''] = url.split('?', 2);
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', cursor);
  return `${path}?${parameters.toString()}`;
}
