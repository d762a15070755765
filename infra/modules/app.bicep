// The function app on a Flex Consumption plan. It reaches storage, secrets and logs by the detector's identity.
param location string
param tags object
param token string
param detectorId string
param detectorClientId string
param remediatorId string
param remediatorClientId string
param storageName string
param packageContainer string
param insightsName string
param signingKeysUri string
param chatWebhookUri string
param isSlack bool
param subscriptions string
param remediation string
param entraClientId string
param metricsInBatches bool
param alwaysReadyInstances int
param extraSettings object

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${token}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
  }
}

resource site 'Microsoft.Web/sites@2024-04-01' = {
  name: 'func-snatbot-${token}'
  location: location
  tags: union(tags, { 'azd-service-name': 'bot' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${detectorId}': {}
      '${remediatorId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: detectorId
    siteConfig: {
      minTlsVersion: '1.2'
    }
    functionAppConfig: {
      runtime: {
        name: 'python'
        version: '3.13'
      }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${packageContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: detectorId
          }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: 2048
        maximumInstanceCount: 40
        alwaysReady: alwaysReadyInstances == 0 ? [] : [
          {
            name: 'http'
            instanceCount: alwaysReadyInstances
          }
        ]
      }
    }
  }
}

var settings = {
  // Of the Functions host
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: detectorClientId
  AzureWebJobsStorage__blobServiceUri: storage.properties.primaryEndpoints.blob
  AzureWebJobsStorage__queueServiceUri: storage.properties.primaryEndpoints.queue
  AzureWebJobsStorage__tableServiceUri: storage.properties.primaryEndpoints.table
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${detectorClientId};Authorization=AAD'
  // Of snatbot (docs/settings.md)
  SUBSCRIPTIONS: subscriptions
  DETECTOR_CLIENT_ID: detectorClientId
  REMEDIATOR_CLIENT_ID: remediatorClientId
  METRICS_MODE: metricsInBatches ? 'auto' : 'arm'
  WATCH_SCHEDULE: '0 * * * * *'
  QUEUE_PREFIX: 'snatbot'
  PUBLIC_BASE_URL: 'https://${site.properties.defaultHostName}'
  REMEDIATION: remediation
  APPROVAL_MODE: 'signin'
  ENTRA_TENANT_ID: tenant().tenantId
  ENTRA_CLIENT_ID: entraClientId
  SIGNING_KEYS: '@Microsoft.KeyVault(SecretUri=${signingKeysUri})'
  SLACK_WEBHOOK_URL: isSlack ? '@Microsoft.KeyVault(SecretUri=${chatWebhookUri})' : ''
  TEAMS_WEBHOOK_URL: isSlack ? '' : '@Microsoft.KeyVault(SecretUri=${chatWebhookUri})'
}

resource appSettings 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: site
  name: 'appsettings'
  properties: union(settings, extraSettings)
}

output name string = site.name
output host string = site.properties.defaultHostName
