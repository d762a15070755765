// Two identities: only the remediator can write, and only the code that applies an approved plan uses it.
param location string
param tags object
param token string

resource detector 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-snatbot-detector-${token}'
  location: location
  tags: tags
}

resource remediator 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-snatbot-remediator-${token}'
  location: location
  tags: tags
}

output detectorId string = detector.id
output detectorClientId string = detector.properties.clientId
output detectorPrincipalId string = detector.properties.principalId
output remediatorId string = remediator.id
output remediatorClientId string = remediator.properties.clientId
output remediatorPrincipalId string = remediator.properties.principalId
