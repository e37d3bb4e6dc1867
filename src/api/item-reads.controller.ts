import {
  Controller,
  createParamDecorator,
  type ExecutionContext,
  Get,
  HttpCode,
  Param,
  Post,
  Res,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { RequirePermission } from '../auth/permission.decorator.js';
import type { JsonObject } from '../kernel/catalog.js';
import type { View } from '../registry/views/common-view.js';
import { type Asked, AskedBy } from './asked.decorator.js';
import { JsonBody, MAX_BODY_BYTES } from './body/json-body.decorator.js';
import { isObject, validationFailed } from './body/read-fields.js';
import { readJson } from './body/read-json.js';
import { RENDER, type RenderBody, wantedVersion } from './prompts/rendering.js';
import { sendContent } from './resources/raw-content.js';
import { ItemReads } from './item-reads.service.js';

/** A body whose keys are the caller's own. */
const FreeBody = createParamDecorator(
  async (_data: unknown, context: ExecutionContext): Promise<JsonObject> => {
    const request = context.switchToHttp().getRequest<Request>();
    const sent = (await readJson(request, Number(request.app.get(MAX_BODY_BYTES)))) ?? {};
    if (isObject(sent)) return sent as JsonObject; // parsed JSON, nothing else
    const detail = 'Input should be an object';
    throw validationFailed([{ pointer: '', detail, type: 'dict_type' }]);
  },
);

/** Routes that answer what the upstream of an item says. */
@Controller()
export class ItemReadsController {
  constructor(private readonly reads: ItemReads) {}

  @RequirePermission('resources.read')
  @Get('resources/test/*uri')
  test(@Param('uri') uri: string | string[], @AskedBy() asked: Asked): Promise<View> {
    return this.reads.test([uri].flat().join('/'), asked);
  }

  @RequirePermission('resources.read')
  @Get('resources/:id')
  resource(@Param('id') id: string, @AskedBy() asked: Asked): Promise<View> {
    return this.reads.resource(id, asked);
  }

  @RequirePermission('resources.read')
  @Get('resources/:id/content')
  async content(
    @Param('id') id: string,
    @AskedBy() asked: Asked,
    @Res() response: Response,
  ): Promise<void> {
    sendContent(response, await this.reads.content(id, asked));
  }

  @RequirePermission('prompts.read')
  @HttpCode(200)
  @Post('prompts/:id')
  prompt(
    @Param('id') id: string,
    @FreeBody() given: JsonObject,
    @AskedBy() asked: Asked,
  ): Promise<View> {
    return this.reads.prompt(id, { given, wanted: wantedVersion(asked.query) }, asked);
  }

  @RequirePermission('prompts.read')
  @HttpCode(200)
  @Post('prompts/:id/render')
  render(
    @Param('id') id: string,
    @JsonBody(RENDER) body: RenderBody,
    @AskedBy() asked: Asked,
  ): Promise<View> {
    return this.reads.prompt(id, { given: body.arguments ?? {}, wanted: body }, asked);
  }
}
