// What the detector may read, in one watched subscription.
targetScope = 'subscription'

param principalId string
param roleId string
param metricsInBatches bool

resource detects 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subscription().id, principalId, roleId)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
  }
}

var monitoringReader = '43d0d8ad-25c7-4714-9337-8ba259a9fe05'

resource readsBatches 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (metricsInBatches) {
  name: guid(subscription().id, principalId, monitoringReader)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringReader)
  }
}
