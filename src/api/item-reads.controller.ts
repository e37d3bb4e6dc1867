import {
  Controller,
  createParamDecorator,
  type ExecutionContext,
  Get,
  HttpCode,
  Param,
  Post,
} from '@nestjs/common';
import type { Request } from 'express';
import { RequirePermission } from '../auth/permission.decorator.js';
import type { JsonObject } from '../kernel/catalog.js';
import type { View } from '../registry/views/common-view.js';
import { type Asked, AskedBy } from './asked.decorator.js';
import { MAX_BODY_BYTES } from './body/json-body.decorator.js';
import { isObject, validationFailed } from './body/read-fields.js';
import { readJson } from './body/read-json.js';
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

  @RequirePermission('prompts.read')
  @HttpCode(200)
  @Post('prompts/:id')
  prompt(
    @Param('id') id: string,
    @FreeBody() given: JsonObject,
    @AskedBy() asked: Asked,
  ): Promise<View> {
    return this.reads.prompt(id, given, asked);
  }
}
