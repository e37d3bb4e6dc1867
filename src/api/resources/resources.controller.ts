import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { RequirePermission } from '../../auth/permission.decorator.js';
import type { Answer } from '../answer.js';
import { type Asked, AskedBy, WantedState } from '../asked.decorator.js';
import type { View } from '../../registry/views/common-view.js';
import { ResourceDoor } from './resource-door.service.js';

@Controller('resources')
export class ResourcesController {
  constructor(private readonly resources: ResourceDoor) {}

  @RequirePermission('resources.read')
  @Get()
  list(@AskedBy() asked: Asked): Answer {
    return this.resources.list(asked);
  }

  @RequirePermission('resources.read')
  @Get('templates/list')
  templates(@AskedBy() asked: Asked): View {
    return this.resources.templates(asked);
  }

  @RequirePermission('resources.read')
  @Get(':id/info')
  info(@Param('id') id: string, @AskedBy() asked: Asked): Answer {
    return this.resources.info(id, asked);
  }

  @RequirePermission('resources.update')
  @HttpCode(200)
  @Post([':id/state', ':id/toggle'])
  state(
    @Param('id') id: string,
    @WantedState() enabled: boolean,
    @AskedBy() asked: Asked,
  ): Promise<Answer> {
    return this.resources.setState(id, enabled, asked);
  }
}
