// snatbot on Azure Functions Flex Consumption. docs/install.md explains it; `azd up` deploys it.
targetScope = 'subscription'

@minLength(1)
@maxLength(20)
@description('Name of the azd environment; part of the names of all resources.')
param environmentName string

@minLength(1)
@description('Region of the function app.')
@metadata({ azd: { type: 'location' } })
param location string

@minLength(36)
@description('Which subscriptions to watch: their ids, separated by commas.')
param watchedSubscriptions string

@secure()
@minLength(1)
@description('Which chat: the URL of a Slack incoming webhook or of a Teams workflow.')
param chatWebhookUrl string

@minLength(3)
@description('Who approves: sign-in name (e-mail address). The alert that snatbot is silent goes there too.')
param approver string

@description('Resource groups in which approved plans may be applied: their resource ids, separated by commas. Empty: none.')
param remediatorGroups string = ''

@allowed([
  'off'
  'on'
])
@description('on lets approved plans be applied. It needs remediatorGroups and entraClientId.')
param remediation string = 'off'

@description('Client id of the app registration that people sign in to (docs/sign-in.md).')
param entraClientId string = ''

@description('true grants Monitoring Reader, with which metrics are read in batches of 50 resources: for more than about 50 clusters.')
param metricsInBatches bool = false

@minValue(0)
@maxValue(5)
@description('Instances that are always ready for HTTP requests, so that Slack gets its answer within 3 seconds. They cost money.')
param alwaysReadyInstances int = 0

@allowed([
  'Standard_ZRS'
  'Standard_LRS'
])
@description('Copies of the stored data: in three zones, or in one where a region has no zones.')
param storageSku string = 'Standard_ZRS'

@description('Any other app settings of docs/settings.md, by name.')
param extraSettings object = {}

@secure()
@description('Signs links and decisions if there is no signing key yet. Leave it out: each deployment makes a new one.')
param newSigningKey string = '${newGuid()}${newGuid()}'

var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = {
  'azd-env-name': environmentName
}
var subscriptionIds = [for id in split(watchedSubscriptions, ','): trim(id)]
var groupIds = empty(remediatorGroups) ? [] : split(replace(remediatorGroups, ' ', ''), ',')
var here = ['/subscriptions/${subscription().subscriptionId}']
var watchedScopes = [for id in subscriptionIds: '/subscriptions/${id}']
var changedScopes = [for id in groupIds: '/subscriptions/${split(id, '/')[2]}']

// One source for the roles: the files that people without azd give to az (infra/roles/README.md).
var detectorActions = loadJsonContent('roles/detector.json')
var remediatorActions = loadJsonContent('roles/remediator.json')

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

resource detectorRole 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, environmentName, 'detector')
  properties: {
    roleName: '${detectorActions.Name} (${environmentName}-${token})'
    description: detectorActions.Description
    type: 'CustomRole'
    assignableScopes: union(here, watchedScopes)
    permissions: [
      {
        actions: detectorActions.Actions
        notActions: detectorActions.NotActions
        dataActions: detectorActions.DataActions
        notDataActions: detectorActions.NotDataActions
      }
    ]
  }
}

resource remediatorRole 'Microsoft.Authorization/roleDefinitions@2022-04-01' = if (!empty(groupIds)) {
  name: guid(subscription().id, environmentName, 'remediator')
  properties: {
    roleName: '${remediatorActions.Name} (${environmentName}-${token})'
    description: remediatorActions.Description
    type: 'CustomRole'
    assignableScopes: union(here, changedScopes)
    permissions: [
      {
        actions: remediatorActions.Actions
        notActions: remediatorActions.NotActions
        dataActions: remediatorActions.DataActions
        notDataActions: remediatorActions.NotDataActions
      }
    ]
  }
}

module identities 'modules/identities.bicep' = {
  name: 'identities'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
  }
}

module detectorAccess 'modules/detector-access.bicep' = [for id in subscriptionIds: {
  name: 'detector-access-${token}-${uniqueString(id)}'
  scope: subscription(id)
  params: {
    principalId: identities.outputs.detectorPrincipalId
    roleId: detectorRole.name
    metricsInBatches: metricsInBatches
  }
}]

module remediatorAccess 'modules/remediator-access.bicep' = [for id in groupIds: {
  name: 'remediator-access-${token}-${uniqueString(id)}'
  scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
  params: {
    principalId: identities.outputs.remediatorPrincipalId
    roleId: remediatorRole.name
  }
}]

module storage 'modules/storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    location: location
    storageSku: storageSku
    tags: tags
    token: token
    principalId: identities.outputs.detectorPrincipalId
  }
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    principalId: identities.outputs.detectorPrincipalId
    chatWebhookUrl: chatWebhookUrl
    newSigningKey: newSigningKey
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    principalId: identities.outputs.detectorPrincipalId
    alertEmail: approver
  }
}

module app 'modules/app.bicep' = {
  name: 'app'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    detectorId: identities.outputs.detectorId
    detectorClientId: identities.outputs.detectorClientId
    remediatorId: identities.outputs.remediatorId
    remediatorClientId: identities.outputs.remediatorClientId
    storageName: storage.outputs.name
    packageContainer: storage.outputs.packageContainer
    insightsName: monitoring.outputs.insightsName
    signingKeysUri: vault.outputs.signingKeysUri
    chatWebhookUri: vault.outputs.chatWebhookUri
    isSlack: startsWith(chatWebhookUrl, 'https://hooks.slack')
    subscriptions: join(subscriptionIds, ',')
    remediation: remediation
    entraClientId: entraClientId
    metricsInBatches: metricsInBatches
    alwaysReadyInstances: alwaysReadyInstances
    extraSettings: extraSettings
  }
}

// azd keeps these in its environment, where docs/install.md's commands read them. No secret is among them.
output AZURE_RESOURCE_GROUP string = group.name
output SNATBOT_APP string = app.outputs.name
output SNATBOT_HOST string = app.outputs.host
output SNATBOT_VAULT string = vault.outputs.name
output SNATBOT_STORAGE string = storage.outputs.name
output SNATBOT_APPROVER string = approver
output SNATBOT_TENANT string = tenant().tenantId
output SNATBOT_SUBSCRIPTIONS string = join(subscriptionIds, ' ')
output SNATBOT_DETECTOR_PRINCIPAL string = identities.outputs.detectorPrincipalId
output SNATBOT_REMEDIATOR_PRINCIPAL string = identities.outputs.remediatorPrincipalId
output SNATBOT_ROLES string = empty(groupIds) ? detectorRole.name : '${detectorRole.name} ${remediatorRole.name}'
