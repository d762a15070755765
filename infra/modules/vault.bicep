// The two secrets. The app's settings only refer to them.
param location string
param tags object
param token string
param principalId string

@secure()
param chatWebhookUrl string

@secure()
param newSigningKey string

var secretsUser = '4633458b-17de-408a-b874-0445c86b69e6' // Key Vault Secrets User

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  // No purge protection: `azd down --purge` is to leave nothing.
  name: 'kv-${token}'
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    softDeleteRetentionInDays: 7
    publicNetworkAccess: 'Enabled'
  }
}

// Made once. A later deployment keeps it, with every link and decision that it signed.
@onlyIfNotExists()
resource signingKeys 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = {
  parent: vault
  name: 'signing-keys'
  properties: {
    contentType: 'SIGNING_KEYS'
    value: newSigningKey
  }
}

resource chatWebhook 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = {
  parent: vault
  name: 'chat-webhook-url'
  properties: {
    contentType: 'SLACK_WEBHOOK_URL or TEAMS_WEBHOOK_URL'
    value: chatWebhookUrl
  }
}

resource access 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, principalId, secretsUser)
  scope: vault
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsUser)
  }
}

output name string = vault.name
output signingKeysUri string = '${vault.properties.vaultUri}secrets/${signingKeys.name}'
output chatWebhookUri string = '${vault.properties.vaultUri}secrets/${chatWebhook.name}'
