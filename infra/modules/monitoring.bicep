// Logs, and the alert that comes when snatbot itself is silent (docs/monitoring.md).
param location string
param tags object
param token string
param principalId string
param alertEmail string

var metricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb' // Monitoring Metrics Publisher

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = {
  name: 'log-${token}'
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: 30
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${token}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

resource access 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, principalId, metricsPublisher)
  scope: insights
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', metricsPublisher)
  }
}

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-snatbot-${token}'
  location: 'Global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'snatbot'
    emailReceivers: [
      {
        name: 'approver'
        emailAddress: alertEmail
        useCommonAlertSchema: true
      }
    ]
  }
}

resource silent 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = {
  name: 'snatbot-is-silent-${token}'
  location: location
  tags: tags
  properties: {
    displayName: 'snatbot is silent'
    description: 'No scan of the clusters has succeeded for 15 minutes. See docs/monitoring.md.'
    enabled: true
    severity: 1
    scopes: [
      insights.id
    ]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      allOf: [
        {
          query: 'traces | where message startswith "tick " | where tobool(parse_json(substring(message, 5)).is_success)'
          timeAggregation: 'Count'
          operator: 'LessThan'
          threshold: 1
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    autoMitigate: true
    actions: {
      actionGroups: [
        people.id
      ]
    }
  }
}

output insightsName string = insights.name
