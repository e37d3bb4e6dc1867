import { Controller, Delete, Get, HttpCode, Param, Patch, Post, Put } from '@nestjs/common';
import { RequirePermission } from '../../auth/permission.decorator.js';
import type { Answer } from '../answer.js';
import { type Asked, AskedBy, WantedState } from '../asked.decorator.js';
import { JsonBody } from '../body/json-body.decorator.js';
import type { View } from '../../registry/views/common-view.js';
import { TOOL_PATCH, type ToolBody } from './tool-body.js';
import { ToolDoor } from './tool-door.service.js';

@Controller('tools')
export class ToolsController {
  constructor(private readonly tools: ToolDoor) {}

  @RequirePermission('tools.read')
  @Get()
  list(@AskedBy() asked: Asked): Answer {
    return this.tools.list(asked);
  }

  @RequirePermission('tools.create')
  @Post()
  create(): never {
    return this.tools.refuseCreation();
  }

  @RequirePermission('tools.read')
  @Get(':id')
  get(@Param('id') id: string, @AskedBy() asked: Asked): Answer {
    return this.tools.get(id, asked);
  }

  @RequirePermission('tools.update')
  @Put(':id')
  put(
    @Param('id') id: string,
    @JsonBody(TOOL_PATCH) body: ToolBody,
    @AskedBy() asked: Asked,
  ): Promise<Answer> {
    return this.tools.update(id, body, asked);
  }

  @RequirePermission('tools.update')
  @Patch(':id')
  patch(
    @Param('id') id: string,
    @JsonBody(TOOL_PATCH) body: ToolBody,
    @AskedBy() asked: Asked,
  ): Promise<Answer> {
    return this.tools.update(id, body, asked);
  }

  @RequirePermission('tools.delete')
  @Delete(':id')
  delete(@Param('id') id: string, @AskedBy() asked: Asked): Promise<View> {
    return this.tools.delete(id, asked);
  }

  @RequirePermission('tools.update')
  @HttpCode(200)
  @Post([':id/state', ':id/toggle'])
  state(
    @Param('id') id: string,
    @WantedState() enabled: boolean,
    @AskedBy() asked: Asked,
  ): Promise<Answer> {
    return this.tools.setState(id, enabled, asked);
  }
}
